// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Synchronization

/// What the routes of a running gateway look at; replaced as a whole.
final class GatewayState: Sendable {
  struct Running: Sendable {
    let digest: Digest
    let json: JSONValue
    let settings: GatewaySettings
    let credentials: GatewayCredentials

    func keeping(_ credentials: GatewayCredentials) -> Running {
      Running(digest: digest, json: json, settings: settings, credentials: credentials)
    }
  }

  private let running = Mutex<Running?>(nil)

  var current: Running? { running.withLock { $0 } }

  func replace(with new: Running) { running.withLock { $0 = new } }
}
