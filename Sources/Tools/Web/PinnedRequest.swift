// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One GET to one address of a host: without cookies, credentials, proxies, redirects or reuse of a
/// connection. TLS names and verifies the host.
struct PinnedRequest {
  let address: WebAddress
  let pinned: IPAddress
  let policy: EgressPolicy
  /// Whether anything but text is refused.
  var isText = true

  private static let redirects: Set<Int> = [301, 302, 303, 307, 308]
  /// Nothing of the appliance, the turn or the sender is told.
  private static let headers = [
    ("user-agent", "KafClaw"), ("accept", "text/*, application/json, application/xml"),
    ("accept-encoding", "identity"), ("connection", "close"),
  ]

  /// - Throws: `egress.refused` for content that is not text, `egress.failed`.
  func send() async throws -> WebAnswer {
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<WebAnswer, any Error>
    do {
      result = .success(try await answer(client))
    } catch {
      result = .failure(Self.readable(error))
    }
    try await client.shutdown()
    return try result.get()
  }

  private var configuration: HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    configuration.dnsOverride = [address.host.text: pinned.description]
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.timeout = .init(
      connect: .seconds(Int64(policy.timeout)), read: .seconds(Int64(policy.timeout)))
    // Asked again on the connection itself, before anything is sent over it.
    let wanted = pinned
    configuration.http1_1ConnectionDebugInitializer = { channel in
      let remote = channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
      guard remote == wanted else {
        let refusal = ApplianceError(.egressRefused, "the connection leads elsewhere")
        return channel.eventLoop.makeFailedFuture(refusal)
      }
      return channel.eventLoop.makeSucceededVoidFuture()
    }
    return configuration
  }

  private func answer(_ client: HTTPClient) async throws -> WebAnswer {
    var request = HTTPClientRequest(url: address.text)
    for (name, value) in Self.headers { request.headers.add(name: name, value: value) }
    let response = try await client.execute(request, timeout: .seconds(Int64(policy.timeout)))
    let status = Int(response.status.code)
    let type = response.headers.first(name: "content-type") ?? ""
    if Self.redirects.contains(status) {
      guard let location = response.headers.first(name: "location") else {
        throw ApplianceError(.egressFailed, "the answer leads on, but not where")
      }
      return WebAnswer(
        status: status, contentType: type, location: location, body: [], isCut: false)
    }
    guard !isText || WebAnswer.isReadable(WebAnswer.mediaType(type)) else {
      throw ApplianceError(.egressRefused, "the answer is not text")
    }
    let encoding = response.headers.first(name: "content-encoding") ?? "identity"
    guard encoding.lowercased() == "identity" else {
      throw ApplianceError(.egressRefused, "the answer is compressed, though nobody asked for it")
    }
    let (body, isCut) = try await read(response.body)
    return WebAnswer(status: status, contentType: type, location: nil, body: body, isCut: isCut)
  }

  /// As much as the policy allows; the rest is not waited for.
  private func read(_ body: HTTPClientResponse.Body) async throws -> ([UInt8], isCut: Bool) {
    var bytes: [UInt8] = []
    for try await part in body {
      let space = policy.maxBytes - bytes.count
      guard part.readableBytes <= space else {
        return (bytes + part.readableBytesView.prefix(space), true)
      }
      bytes += part.readableBytesView
    }
    return (bytes, false)
  }

  /// Errors of the client may quote the address; only their kind is told.
  private static func readable(_ error: any Error) -> any Error {
    switch error {
    case is ApplianceError, is CancellationError: error
    case let error as HTTPClientError:
      ApplianceError(.egressFailed, "the request failed: \(error.shortDescription)")
    default: ApplianceError(.egressFailed, "the request failed: \(type(of: error))")
    }
  }
}
