// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Foundation

/// Both ends of a real socket between a supervisor and a gateway.
struct GatewayLink: Sendable {
  let supervisor: SupervisorLink
  let component: ComponentLink

  init() throws {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw ApplianceError(.init("test.socket"), "no socket pair: \(errno)")
    }
    supervisor = SupervisorLink(owning: ends[0], name: "test")
    component = ComponentLink(owning: ends[1], name: "gateway")
  }
}
