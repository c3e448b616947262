// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import GatewayAPI
import HTTPTypes
import Hummingbird

/// `GET /api/v1/approvals` and `POST /api/v1/approvals/ID`, for clients with the scope `operate`.
struct ApprovalController: Sendable {
  let link: ComponentLink
  let authenticator: Authenticator

  func list(_ request: Request, from network: SourceNetwork) async throws -> Response {
    let client = try await authenticator.client(of: request, from: network, .operate)
    return try await answer(to: .approvals(client: client))
  }

  func decide(_ request: Request, id: String, from network: SourceNetwork) async throws -> Response
  {
    let client = try await authenticator.client(of: request, from: network, .operate)
    let answer = try await JSONBody.read(ApprovalAnswer.self, of: request)
    let uses = answer.uses ?? 1
    guard (1...1_000).contains(uses), (answer.note?.utf8.count ?? 0) <= 1_024 else {
      throw ProblemResponse.badRequest("\"uses\" is not from 1 to 1000, or \"note\" is too long")
    }
    return try await self.answer(
      to: .decide(
        ApprovalWord(
          id: ApprovalID(rawValue: id), isApproved: answer.decision == .approve,
          by: "client:\(client)",
          uses: uses, note: answer.note)))
  }

  private func answer(to question: ComponentRequest) async throws -> Response {
    do {
      guard case .approvals(let approvals) = try await link.call(question) else {
        throw ProblemResponse.unavailable
      }
      return try JSONResponse.make(ApprovalList(approvals))
    } catch let error as ApplianceError where error.code.rawValue.hasPrefix("approval.") {
      let isUnknown = error.code.rawValue == "approval.unknown"
      let isRequester = error.code.rawValue == "approval.requester"
      throw ProblemResponse(
        error.code.rawValue.replacing(".", with: "-"),
        isUnknown ? .notFound : (isRequester ? .forbidden : .conflict), error.message)
    }
  }
}
