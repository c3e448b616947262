// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Planning
import Synchronization

/// `/channels/NAME`: what chat platforms send. Authenticated by its head, then by its bytes; stored,
/// then acknowledged. Whoever is refused is not told why.
struct ChannelController: Sendable {
  let link: ComponentLink
  let state: GatewayState
  let channels: ChannelHost
  let attempts: HandshakeAttempts

  func receive(
    _ request: Request, _ name: String, from network: SourceNetwork
  ) async throws -> Response {
    guard let channel = channels.webhook(name) else { throw absent(name) }
    let now = Date()
    do {
      var incoming = Self.head(of: request)
      try channel.check(incoming, at: now)
      incoming.body = try await body(of: request, limit: channel.bodyLimit)
      // While it arrived the channel may have got another secret, or have ended.
      guard let current = channels.webhook(name) else { throw absent(name) }
      let receipt = try current.receive(incoming, at: now)
      if let word = receipt.word { _ = try await link.call(.say(channel: name, word)) }
      return try Self.response(receipt.answer(try await store(receipt.messages, name)))
    } catch let refusal as ChannelRefusal {
      throw try await refused(refusal, name, network)
    }
  }

  /// The request by which a platform makes sure of a webhook.
  func handshake(
    _ request: Request, _ name: String, from network: SourceNetwork
  ) async throws -> Response {
    guard let channel = channels.webhook(name) else { throw absent(name) }
    guard attempts.isOpen(name, at: Date()) else {
      throw ProblemResponse(
        "too-many-failures", .tooManyRequests, "Too many failed attempts for this channel"
      ).with(.retryAfter, "600")
    }
    do {
      guard let answer = try channel.handshake(Self.head(of: request)) else {
        throw ProblemResponse(
          "method-not-allowed", .methodNotAllowed, "This method is not supported here"
        ).with(.allow, "POST")
      }
      return try Self.response(answer)
    } catch let refusal as ChannelRefusal {
      attempts.fail(name, at: Date())
      throw try await refused(refusal, name, network)
    }
  }

  private func store(_ messages: [InboundMessage], _ name: String) async throws -> [Admission] {
    var (admissions, rest) = ([Admission](), messages[...])
    while !rest.isEmpty {
      let piece = rest.prefix(ChannelReceipt.limit)
      rest = rest.dropFirst(piece.count)
      let receipt = ChannelReceipt(channel: name, messages: Array(piece))
      guard case .admissions(let some) = try await link.call(.receive(receipt)) else {
        throw ProblemResponse.unavailable
      }
      admissions += some
    }
    return admissions
  }

  /// - Throws: When it cannot be recorded: then nothing is answered but that.
  private func refused(
    _ refusal: ChannelRefusal, _ name: String, _ network: SourceNetwork
  ) async throws -> ProblemResponse {
    _ = try await link.call(.refused(channel: name, refusal, network: network.text))
    return switch refusal {
    case .oversized:
      ProblemResponse("content-too-large", .contentTooLarge, "The body is too large")
    case .malformed: ProblemResponse.badRequest("The body is not what the platform sends")
    case .unsigned, .forged, .stale, .wrongTenant:
      ProblemResponse("unauthorized", .unauthorized, "The request is not authentic")
    }
  }

  private func body(of request: Request, limit: Int) async throws -> [UInt8] {
    let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
    guard length <= limit else { throw ChannelRefusal.oversized }
    do {
      return Array(try await RequestBody.collect(request, limit: limit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw ChannelRefusal.oversized
    }
  }

  /// A platform takes "not found" for good. A channel that is declared and does not run, or not yet, is asked for
  /// again later.
  private func absent(_ name: String) -> ProblemResponse {
    let isDeclared = (state.current?.settings.channels ?? []).contains {
      $0.name == name && ChannelCatalog.takesRequests($0.type)
    }
    return isDeclared
      ? .unavailable : ProblemResponse("not-found", .notFound, "There is nothing at this path")
  }

  private static func head(of request: Request) -> WebhookRequest {
    WebhookRequest(
      headers: request.headers.map { ($0.name.canonicalName, $0.value) },
      query: request.uri.query ?? "")
  }

  private static func response(_ answer: WebhookAnswer) throws -> Response {
    var headers = HTTPFields()
    headers[.contentType] = answer.type
    headers[.cacheControl] = "no-store"
    headers[.xContentTypeOptions] = "nosniff"
    if let seconds = answer.retryAfter { headers[.retryAfter] = String(seconds) }
    return Response(
      status: .init(code: answer.status), headers: headers,
      body: .init(byteBuffer: ByteBuffer(string: answer.body)))
  }
}

/// How often the word of a handshake was wrong: it is short enough to be guessed, and needed once.
final class HandshakeAttempts: Sendable {
  private struct Count {
    var since: Date
    var failures = 0
  }

  static let limit = 10
  /// Seconds.
  static let window = 600.0

  private let counts = Mutex<[String: Count]>([:])

  func isOpen(_ channel: String, at now: Date) -> Bool {
    counts.withLock { counts in
      guard let count = counts[channel] else { return true }
      if abs(now.timeIntervalSince(count.since)) > Self.window {
        counts[channel] = nil
        return true
      }
      return count.failures < Self.limit
    }
  }

  func fail(_ channel: String, at now: Date) {
    counts.withLock { $0[channel, default: Count(since: now)].failures += 1 }
  }
}
