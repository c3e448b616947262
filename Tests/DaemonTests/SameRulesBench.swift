// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Planning
import Policy
import Reconciliation
import Testing
import Timeline

@testable import Daemon
@testable import DesiredState

/// Brings desired states into one timeline as the reconciler does, and asks about them there.
struct SameRulesBench {
  let bench: AccessBench
  private var applied: Set<ResourceAddress> = []
  private var turns = 0

  init(_ bench: AccessBench) { self.bench = bench }

  /// Loads a desired state through its text, and looks at it as `validate` does.
  static func validated(_ spec: ApplianceSpec) throws -> LoadedState {
    let file = SourceTree.File(bytes: CanonicalJSON.bytes(spec.effective))
    let tree = SourceTree(files: [DesiredStateLoader.mainFile: file])
    switch DesiredStateLoader(host: nil, overrides: .none).load(tree).reviewed {
    case .valid(let state): return state
    case .invalid(let issues):
      throw ApplianceError(.malformed, "\(issues.filter { $0.severity == .error })")
    }
  }

  /// Applies what a plan has of senders and tools.
  ///
  /// - Returns: What is observed afterwards, next to what was wanted.
  mutating func apply(
    _ state: LoadedState
  ) async throws -> [(wanted: ResourceFields, found: Observation?)] {
    let store = bench.store
    let appliers: [any ResourceApplier] = [
      SendersApplier(rules: { try await store.accessRules() }, store: store),
      ToolsApplier(rules: { try await store.accessRules() }, store: store),
    ]
    bench.inForce.value = RuntimeSettings(state, revision: "c0ffee", paths: bench.paths)
    let resources = DesiredResources(state, paths: bench.paths).all
    var result: [(ResourceFields, Observation?)] = []
    var addresses: Set<ResourceAddress> = []
    for applier in appliers {
      let wanted = resources.filter { $0.address.kind == applier.kind }
      addresses.formUnion(wanted.map(\.address))
      for gone in applied.subtracting(wanted.map(\.address)) where gone.kind == applier.kind {
        try await applier.apply(gone.name, desired: nil, of: state)
      }
      for resource in wanted {
        try await applier.apply(resource.address.name, desired: resource.fields, of: state)
      }
      let found = await applier.observe(Set(wanted.map(\.address.name)), of: state)
      result += wanted.map { ($0.fields, found[$0.address.name]) }
    }
    applied = addresses
    return result
  }

  /// What the tool call is answered, of a turn that has read text of these sources.
  mutating func verdict(
    _ principal: AccessPrincipal, _ tool: String, _ taint: Set<TaintSource>
  ) async throws -> AccessDecision.Verdict {
    let id = try await turn(of: principal, taint)
    let sources = [(TaintSource.files, ToolName.readFile), (.web, ToolName.webFetch)]
    var index = 0
    for (_, reader) in sources.filter({ taint.contains($0.0) }) {
      try await bench.record(
        .intent(ToolCall(index: index, tool: reader, arguments: [:])), of: id, "w")
      try await bench.record(.result(index: index, .success("text")), of: id, "w")
      index += 1
    }
    let call =
      tool == ToolName.exec
      ? ToolCall.exec(index, "notes") : ToolCall(index: index, tool: tool, arguments: [:])
    try await bench.record(.intent(call), of: id, "w")
    let verdict = try await bench.verdict(id, index, "w")
    try await end(id, verdict)
    switch verdict {
    case .permitted: return .permitted
    case .denied: return .denied
    case .parked: return .needsApproval
    }
  }

  /// A turn that was admitted under other rules: those of its tools are asked all the same.
  private mutating func turn(
    of principal: AccessPrincipal, _ taint: Set<TaintSource>
  ) async throws -> MessageID {
    turns += 1
    let session = SessionKey(rawValue: "\(turns)")
    if taint.contains(.senders) {
      let other = InboundMessage(
        channel: principal.channel, client: "another", sender: "somebody", session: "",
        text: "hello", idempotencyKey: "other \(turns)")
      let earlier = try await lease(other, as: .unknown, session)
      try await bench.access.finish(earlier, reply: "hello", usage: TokenUsage(), worker: "w")
    }
    var place = InboundMessage.Place()
    if case .room(let isMention) = principal.conversation {
      (place.room, place.isMention) = ("R", isMention)
    }
    let message = InboundMessage(
      channel: principal.channel, client: principal.client, sender: principal.sender,
      session: "", text: "hello", idempotencyKey: "\(turns)", place: place,
      isFromBot: taint.contains(.bots))
    return try await lease(message, as: .external, session)
  }

  private func lease(
    _ message: InboundMessage, as tier: SenderTier, _ session: SessionKey
  ) async throws -> MessageID {
    let admission = try await bench.store.admit(
      message, at: Date(), limits: SenderLimits(messagesPerMinute: 1, burst: 1_000_000, queued: 9)
    ) { _, _ in
      AdmissionVerdict(
        decision: AccessDecision(.permitted, .open, rule: "earlier", tier: tier),
        session: session)
    }
    guard case .stored(let status, _) = admission else {
      throw ApplianceError(.inconsistent, "not stored: \(admission)")
    }
    let work = try await bench.lease("w")
    #expect(work.id == status.id)
    return status.id
  }

  private func end(_ id: MessageID, _ verdict: ToolVerdict) async throws {
    if case .parked(let approval) = verdict {
      _ = try await bench.access.desk.say(
        ApprovalWord(id: approval, isApproved: false, by: "operator:0"))
      _ = try await bench.lease("w")
    }
    try await bench.access.finish(id, reply: "done", usage: TokenUsage(), worker: "w")
  }
}
