// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Reconciliation

/// A host in memory: what is there, what was done to it, and what goes wrong.
actor ModelHost {
  /// Live state.
  private(set) var live: [ResourceAddress: ResourceFields] = [:]
  /// `write ADDRESS`, `delete ADDRESS`, `fail ADDRESS` and `health`, in the order of events.
  private(set) var log: [String] = []
  private var unreadable: [ResourceAddress: String] = [:]
  /// Which applications fail, counted from 1 since ``fail(_:)``.
  private var failing: Set<Int> = []
  private var count = 0
  private var failure = ApplianceError.Code("test.apply")
  /// Whether an application that fails has had its effect by then.
  private var failsAfterEffect = false
  private var sickness: ApplianceError?
  private var sickens: @Sendable ([String: ResourceFields]) -> Bool = { _ in false }
  private var lingers = false
  private var looks = 0
  private var ends: @Sendable (Int, [String: ResourceFields]) -> Bool = { _, _ in false }
  private var lives = 1
  private var beforeApply: ApplyObserver = { _, _, _ in }

  /// Address, what it is to become, and the host as it is.
  typealias ApplyObserver =
    @Sendable (ResourceAddress, ResourceFields?, [ResourceAddress: ResourceFields]) -> Void

  /// Somebody else changes the host.
  func set(_ address: String, _ fields: ResourceFields?) {
    guard let address = ResourceAddress(address) else { return }
    live[address] = fields
  }

  func fields(of address: String) -> ResourceFields? {
    ResourceAddress(address).flatMap { live[$0] }
  }

  func fail(
    _ numbers: Set<Int>, with code: ApplianceError.Code = .init("test.apply"),
    afterEffect: Bool = false
  ) {
    (failing, count, failure, failsAfterEffect) = (numbers, 0, code, afterEffect)
  }

  func makeUnreadable(_ address: String, _ why: String?) {
    guard let address = ResourceAddress(address) else { return }
    unreadable[address] = why
  }

  func makeUnhealthy(_ error: ApplianceError?) { sickness = error }

  func whenApplying(_ body: @escaping ApplyObserver) { beforeApply = body }

  /// Back to another moment.
  func replaceAll(by fields: [ResourceAddress: ResourceFields]) { live = fields }

  func clearLog() { log = [] }

  /// Makes the gateway sick while the host looks like this.
  func sickenWhen(
    _ condition: @escaping @Sendable ([String: ResourceFields]) -> Bool
  ) { sickens = condition }

  /// Whether the agent is forever about to start, once the gateway was changed.
  func linger(_ lingers: Bool) { self.lingers = lingers }

  /// Ends the agent before the looks at its process of which this holds; they count from 1.
  func endAgent(
    _ condition: @escaping @Sendable (Int, [String: ResourceFields]) -> Bool
  ) { (ends, looks) = (condition, 0) }

  func processes() -> [String: Int] {
    looks += 1
    if ends(looks, texts) { lives += 1 }
    return ["agent": lives, "gateway": 1]
  }

  func checkHealth() -> [HealthProblem] {
    log.append("health")
    if lingers, fields(of: "component/gateway")?["port"] != 18_790 {
      return [HealthProblem("agent", "agent is starting", isFinal: false)]
    }
    if sickens(texts) { return [HealthProblem("gateway", "gateway is sick", isFinal: true)] }
    return sickness.map { [HealthProblem("gateway", $0.message, isFinal: true)] } ?? []
  }

  private var texts: [String: ResourceFields] {
    Dictionary(uniqueKeysWithValues: live.map { ($0.key.text, $0.value) })
  }

  func observe(_ kind: ResourceKind, _ names: Set<String>) -> [String: Observation] {
    var found: [String: Observation] = [:]
    for name in names {
      let address = ResourceAddress(kind, name)
      if let why = unreadable[address] {
        found[name] = .unknown(why)
      } else {
        found[name] = live[address].map { .present($0) } ?? .absent
      }
    }
    return found
  }

  func apply(_ address: ResourceAddress, _ desired: ResourceFields?) throws {
    beforeApply(address, desired, live)
    count += 1
    guard !failing.contains(count) else {
      log.append("fail \(address.text)")
      if failsAfterEffect { live[address] = desired }
      throw ApplianceError(failure, "\(address.text) cannot be applied")
    }
    live[address] = desired
    log.append("\(desired == nil ? "delete" : "write") \(address.text)")
  }
}

/// The resources of one kind on a ``ModelHost``.
struct ModelApplier: ResourceApplier {
  let kind: ResourceKind
  let host: ModelHost

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    await host.observe(kind, names)
  }

  func apply(_ name: String, desired: ResourceFields?, of _: LoadedState) async throws {
    try await host.apply(ResourceAddress(kind, name), desired)
  }
}

/// The desired state that a fetch brings, or why it brings none.
actor ModelSource {
  private var next: Result<SourceReply, ApplianceError>
  private(set) var fetches = 0

  init(_ reply: SourceReply) { next = .success(reply) }

  func give(_ reply: SourceReply) { next = .success(reply) }

  func fail(_ message: String) {
    next = .failure(ApplianceError(.init("test.source"), message))
  }

  func fetch() throws -> SourceReply {
    fetches += 1
    return try next.get()
  }
}
