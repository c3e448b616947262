// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import FoundationEssentials
import GatewayAPI
import HTTPTypes
import Hummingbird
import NIOCore
import SodiumCrypto

/// `POST /chat` and `GET /api/v1/messages/ID`: authenticate, admit, enqueue, answer.
struct ChatController: Sendable {
  /// How long a synchronous request waits for its reply. Milliseconds.
  static let replyWait = 60_000

  let link: ComponentLink
  let authenticator: Authenticator

  func chat(_ request: Request, from network: SourceNetwork) async throws -> Response {
    let client = try await authenticator.client(of: request, from: network, .chat)
    let key = try idempotencyKey(request)
    let body = try await self.body(of: request)
    let message = InboundMessage(
      channel: "web", client: client, sender: body.sender, session: body.session ?? "default",
      text: body.message, idempotencyKey: key ?? SecureRandom.hexadecimal(bytes: 16),
      place: InboundMessage.Place(
        room: body.room, thread: body.thread, isMention: body.mention ?? false),
      isFromBot: body.bot ?? false)
    guard case .admission(let admission) = try await link.call(.admit(message)) else {
      throw ProblemResponse.unavailable
    }
    switch admission {
    case .denied(let denial): throw ProblemResponse.denied(denial)
    case .stored(let status, _):
      return prefersAsync(request)
        ? try accepted(status) : try await reply(to: status, client: client)
    }
  }

  func message(
    _ request: Request, id: String, from network: SourceNetwork
  ) async throws -> Response {
    let client = try await authenticator.client(of: request, from: network, .chat)
    guard let status = try await status(of: MessageID(rawValue: id), client: client, wait: 0) else {
      throw ProblemResponse("not-found", .notFound, "There is no such message")
    }
    return try JSONResponse.make(MessageResponse(status))
  }

  private func idempotencyKey(_ request: Request) throws -> String? {
    guard let name = HTTPField.Name("Idempotency-Key"), let key = request.headers[name] else {
      return nil
    }
    guard request.headers[values: name].count == 1 else {
      throw ProblemResponse.badRequest("Idempotency-Key is given more than once")
    }
    guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw ProblemResponse.badRequest("Idempotency-Key must be 1 to 255 visible characters")
    }
    return key
  }

  private func body(of request: Request) async throws -> ChatRequest {
    let body = try await JSONBody.read(ChatRequest.self, of: request)
    if let problem = body.problem { throw ProblemResponse.badRequest(problem) }
    return body
  }

  /// RFC 7240 §4.1.
  private func prefersAsync(_ request: Request) -> Bool {
    guard let name = HTTPField.Name("Prefer") else { return false }
    return request.headers[values: name].flatMap { $0.split(separator: ",") }
      .contains { $0.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() == "respond-async" }
  }

  private func accepted(_ status: MessageStatus) throws -> Response {
    var headers = HTTPFields()
    headers[.location] = "\(Routes.messages)/\(status.id.rawValue)"
    return try JSONResponse.make(MessageResponse(status), status: .accepted, headers)
  }

  private func reply(to stored: MessageStatus, client: String) async throws -> Response {
    let ended = try await status(of: stored.id, client: client, wait: Self.replyWait) ?? stored
    switch ended.state {
    case .queued, .processing, .waiting: return try accepted(ended)
    case .failed:
      throw ProblemResponse(
        "message-failed", .badGateway, "The message could not be processed", detail: ended.reply)
    case .answered:
      return try JSONResponse.make(
        ChatResponse(
          id: ended.id, reply: ended.reply ?? "", traceID: ended.traceID,
          usage: ended.usage ?? TokenUsage()))
    }
  }

  private func status(of id: MessageID, client: String, wait: Int) async throws -> MessageStatus? {
    guard
      case .message(let status) = try await link.call(.message(id, client: client, wait: wait))
    else { throw ProblemResponse.unavailable }
    return status
  }
}
