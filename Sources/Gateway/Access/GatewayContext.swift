// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Hummingbird
import NIOCore

/// A request's context: also knows who is at the other end of the connection.
struct GatewayContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The network that failed authentications count against. What a request's fields say of its way
  /// here is not looked at: anybody can write that.
  let network: SourceNetwork

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    network = SourceNetwork(source.channel.remoteAddress?.ipAddress)
  }
}
