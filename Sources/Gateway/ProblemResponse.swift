// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GatewayAPI
import HTTPTypes
import Hummingbird
import NIOCore

/// A failure that knows its HTTP answer.
struct ProblemResponse: HTTPResponseError {
  let problem: Problem
  var headers = HTTPFields()

  var status: HTTPResponse.Status { .init(code: problem.status) }

  init(_ code: String, _ status: HTTPResponse.Status, _ title: String, detail: String? = nil) {
    problem = Problem(code, status: status.code, title: title, detail: detail)
  }

  func with(_ name: HTTPField.Name, _ value: String) -> ProblemResponse {
    var copy = self
    copy.headers[name] = value
    return copy
  }

  func response(from request: Request, context: some RequestContext) throws -> Response {
    try JSONResponse.make(problem, status: status, type: "application/problem+json", headers)
  }
}

/// Responses in the product's one JSON coding.
enum JSONResponse {
  static func make(
    _ body: some Encodable, status: HTTPResponse.Status = .ok, type: String = "application/json",
    _ additional: HTTPFields = [:]
  ) throws -> Response {
    var headers = additional
    headers[.contentType] = type
    headers[.cacheControl] = "no-store"
    headers[.xContentTypeOptions] = "nosniff"
    // Whoever opens it in a browser gets a text that does nothing.
    headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    let bytes = try ApplianceJSON.encode(body)
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension ProblemResponse {
  static let unauthorized = ProblemResponse(
    "unauthorized", .unauthorized, "A valid bearer token is required"
  ).with(.wwwAuthenticate, "Bearer")

  static let unavailable = ProblemResponse(
    "unavailable", .serviceUnavailable, "The appliance is not ready", detail: "try again shortly"
  ).with(.retryAfter, "1")

  static func badRequest(_ detail: String) -> ProblemResponse {
    ProblemResponse("bad-request", .badRequest, "The request is not valid", detail: detail)
  }

  static func denied(_ denial: Admission.Denial) -> ProblemResponse {
    switch denial {
    case .unknownSender:
      ProblemResponse(denial.rawValue, .forbidden, "This sender is not admitted")
    case .senderDenied:
      ProblemResponse(denial.rawValue, .forbidden, "This sender is denied")
    case .mentionRequired:
      ProblemResponse(
        denial.rawValue, .forbidden, "In a room only messages that name the bot are taken")
    case .malformed: .badRequest("The message cannot be stored")
    case .contained:
      ProblemResponse(
        denial.rawValue, .serviceUnavailable, "The appliance is contained by its operator"
      ).with(.retryAfter, "300")
    case .rateLimited:
      ProblemResponse(
        denial.rawValue, .tooManyRequests, "This sender writes faster than its limit allows"
      ).with(.retryAfter, "60")
    case .queueFull:
      ProblemResponse(
        denial.rawValue, .tooManyRequests, "Too many messages of this sender wait already"
      ).with(.retryAfter, "10")
    case .channelDisabled:
      ProblemResponse(denial.rawValue, .forbidden, "This channel is disabled")
    case .keyReused:
      ProblemResponse(
        denial.rawValue, .unprocessableContent,
        "This Idempotency-Key was used for another message")
    }
  }
}
