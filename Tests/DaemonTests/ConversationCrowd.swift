// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Testing
import Timeline

@testable import Daemon

/// Many conversations at once, over the broker that the gateway and the agent talk to.
struct ConversationCrowd: Sendable {
  static let sessions = 1_000
  static let messages = 5

  let bench: AccessBench
  let broker: MessageBroker
  let model = SlowModel()
  let signals = SignalWatch()

  init(_ bench: AccessBench) {
    self.bench = bench
    broker = MessageBroker(
      store: bench.store, audit: HostAudit(bench.paths).trail, wake: bench.access.arrived,
      access: bench.access,
      readiness: { Readiness(agent: true, store: $0, digest: true) },
      status: { throw ApplianceError(.inconsistent, "nobody asks for the status here") },
      dashboard: { _ in .loginNeeded })
  }

  /// Four rooms share a sender.
  private static func message(_ session: Int, _ number: Int) -> InboundMessage {
    InboundMessage(
      channel: "team", client: "channel:team", sender: "U\(session / 4)", session: "",
      text: "\(session) \(number)", idempotencyKey: "\(session) \(number)",
      place: InboundMessage.Place(room: "R\(session)", isMention: true))
  }

  /// - Returns: The messages of each session, in order.
  func admit() async throws -> [[MessageID]] {
    try await withThrowingTaskGroup(of: (Int, [MessageID]).self) { group in
      for session in 0..<Self.sessions { group.addTask { (session, try await admit(session)) } }
      return try await group.reduce(into: Array(repeating: [], count: Self.sessions)) {
        $0[$1.0] = $1.1
      }
    }
  }

  private func admit(_ session: Int) async throws -> [MessageID] {
    var ids: [MessageID] = []
    for number in 0..<Self.messages {
      let reply = try await broker.answerGateway(
        .admit(Self.message(session, number)), worker: "gateway-1")
      guard case .admission(.stored(let status, isRepeat: false)) = reply else {
        throw ApplianceError(.inconsistent, "not admitted: \(reply)")
      }
      ids.append(status.id)
    }
    return ids
  }

  /// Waits for the replies to a session's messages.
  func replies(to ids: [MessageID]) async throws -> [String] {
    var replies: [String] = []
    for id in ids {
      replies.append(
        try await bench.access.replies.with(id) { signal in
          signals.note(signal)
          return try await reply(to: id)
        })
    }
    return replies
  }

  private func reply(to id: MessageID) async throws -> String {
    while true {
      let request = ComponentRequest.message(id, client: "channel:team", wait: 120_000)
      guard
        case .message(let status?) = try await broker.answerGateway(request, worker: "gateway-1")
      else {
        throw ApplianceError(.inconsistent, "\(id.rawValue) is gone")
      }
      if let reply = status.reply { return reply }
    }
  }

  /// One of the agent's turns after the other, until it is cancelled.
  func work(as worker: String) async throws {
    while !Task.isCancelled {
      let leased = try await broker.answerAgent(.lease(wait: 60_000), worker: worker)
      guard case .work(let work?) = leased else { continue }
      await model.answer(work)
      let reply = "\(work.text) after \(work.history.map(\.text))"
      _ = try await broker.answerAgent(
        .finish(work.id, reply: reply, usage: TokenUsage()), worker: worker)
      await model.end()
    }
  }
}
