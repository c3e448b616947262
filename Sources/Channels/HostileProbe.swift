// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AsyncHTTPClient
import GatewayAPI
import NIOCore
import NIOHTTP1

/// What a listener did with one hostile request.
public struct HostileResult: Sendable, Codable {
  public let channel: String
  public let name: String
  /// HTTP status.
  public let status: Int
  public let isRefused: Bool
}

/// Sends a running listener what it has to refuse.
public struct HostileProbe: Sendable {
  private let channel: String
  private let url: String

  /// - Parameter url: Of the gateway's API.
  public init(channel: String, url: String) { (self.channel, self.url) = (channel, url) }

  /// - Parameter requests: `nil` for a channel whose platform sends none: then nothing may be listening.
  public func run(_ requests: [HostileRequest]?) async throws -> [HostileResult] {
    guard let requests else {
      let request = HostileRequest("a request at all", headers: [], body: [], refusals: [404])
      return [try await send(request)]
    }
    var results: [HostileResult] = []
    for request in requests { results.append(try await send(request)) }
    return results
  }

  private func send(_ hostile: HostileRequest) async throws -> HostileResult {
    var request = HTTPClientRequest(url: "\(url)\(Routes.channels)/\(channel)")
    request.method = .POST
    for header in hostile.headers { request.headers.add(name: header.name, value: header.value) }
    request.body = .bytes(ByteBuffer(bytes: hostile.body))
    var status = 0
    do {
      status = Int(
        try await HTTPClient.shared.execute(request, timeout: .seconds(30)).status.code)
    } catch {
      // A connection that is closed while too much is sent is a refusal as well.
      guard hostile.refusals == [413] else { throw error }
      status = 413
    }
    return HostileResult(
      channel: channel, name: hostile.name, status: status,
      isRefused: hostile.refusals.contains(status))
  }
}
