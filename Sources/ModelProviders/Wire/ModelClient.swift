// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import NIOCore

/// The connections to model providers. Redirects are never followed: the key would go along.
///
/// Made once for a process, and shut down by its owner.
public struct ModelClient: Sendable {
  let http: HTTPClient

  /// - Parameter connectionsPerHost: Requests beyond these wait. Defaults to 16.
  public init(connectionsPerHost: Int = 16) {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(10)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  public func shutdown() async throws {
    try await http.shutdown()
  }
}
