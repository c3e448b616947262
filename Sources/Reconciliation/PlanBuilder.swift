// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
public import DurableIO
import FoundationEssentials
import Guardrails
import Planning
import SodiumCrypto

/// Brings together what a plan depends on: desired resources, live observations, the record,
/// guardrails and the host's own refusals. Writes nothing.
public struct PlanBuilder: Sendable {
  private let host: String?
  private let paths: AppliancePaths
  private let appliers: [any ResourceApplier]
  private let isReview: Bool

  /// - Parameter isReview: This is no host of the appliance, but where a change is reviewed: a
  ///   secret that does not resolve here is a warning.
  public init(
    host: String?, paths: AppliancePaths, appliers: [any ResourceApplier], isReview: Bool = false
  ) {
    self.isReview = isReview
    self.host = host
    self.paths = paths
    self.appliers = appliers
  }

  /// What a plan depends on beside desired, live and applied state.
  struct Circumstances: Sendable {
    /// The appliance has just been started: components that do not run are no drift.
    var isStarting = false
    /// What an apply that was cut off had begun.
    var begun: [ResourceAddress: [ResourceFields?]] = [:]
    var mode = Plan.Mode.normal
    /// The source was not reached for too long: nothing is deleted.
    var isStale = false
    /// Deletions that are meant although they are many.
    var acknowledged: Digest?
  }

  func plan(
    _ state: LoadedState, from source: Plan.Source, applied: AppliedState, at now: Date,
    _ circumstances: Circumstances = Circumstances()
  ) async throws -> Plan {
    var input = PlanInput()
    input.host = host ?? ""
    input.source = source.based(on: applied.revisions.applied, tree: applied.appliedTree)
    input.serial = applied.serial
    input.created = now
    input.mode = circumstances.mode
    input.isStale = circumstances.isStale
    input.isStarting = circumstances.isStarting
    input.protected = Set((applied.protected ?? []).compactMap { ResourceAddress($0) })
    input.acknowledgedDeletions = Set(
      state.spec.reconcile.acknowledgeDeletions + [circumstances.acknowledged].compactMap { $0 })
    // Going back takes away what the failed change brought; it was never anybody's to miss.
    if circumstances.mode == .rollback { input.blastGuard = .off }
    input.desired = DesiredResources(state, paths: paths).all
    input.applied = applied.byAddress
    for address in circumstances.begun.keys where input.applied[address] == nil {
      input.applied[address] = [:]
    }
    input.observed = await observe(input, state)
    input.applied = applied.byAddress
    for (address, candidates) in circumstances.begun {
      let found = input.observed[address]
      guard let fields = candidates.first(where: { Self.happened($0, found) }) else { continue }
      input.applied[address] = fields
    }
    input.drift = Self.handling(state.spec.reconcile.drift)
    input.policy = try Self.policy(state)
    input.refusals = refusals(state, observed: input.observed)
    input.environment = Self.environment(state)
    input.warnings = state.warnings.map(\.description)
    input.reach = { [paths] in
      guard let applied = BundleStore(paths).readable() else { return [] }
      return ReachDifference.between(AccessRules(applied.state.spec), AccessRules(state.spec))
    }
    if let held = IncidentFile(paths).read().containment {
      input.warnings.append("the appliance is contained, whatever is applied: \(held.words)")
    }
    if isReview { input.warnings += missingSecrets(input.observed).map(\.message) }
    if source.verification == "none" {
      input.warnings.append("commits are not verified (verify: none)")
    }
    return Planner.plan(input)
  }

  /// The fields of every resource that a desired state asks for.
  func desired(_ state: LoadedState) -> [ResourceAddress: ResourceFields] {
    Dictionary(
      DesiredResources(state, paths: paths).all.map { ($0.address, $0.fields) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The addresses that a desired state protects from deletion.
  func protected(_ state: LoadedState) -> [String]? {
    let names = state.spec.channels.filter(\.value.protect).keys.sorted()
    return names.isEmpty ? nil : names.map { ResourceAddress(.senders, $0).text }
  }

  /// One digest over everything that can change a verdict, the host included.
  func inputDigest(_ parts: [JSONValue]) -> Digest {
    SHA256.digest(.array([.string(host ?? "")] + parts))
  }

  /// Whether a change that was begun is what is found.
  private static func happened(_ fields: ResourceFields?, _ found: Observation?) -> Bool {
    switch found {
    case .present(let live): live == fields
    case .absent: fields == nil
    case .unknown, nil: false
    }
  }

  private func observe(
    _ input: PlanInput, _ state: LoadedState
  ) async -> [ResourceAddress: Observation] {
    let addresses = Set(input.desired.map(\.address)).union(input.applied.keys)
    var observed: [ResourceAddress: Observation] = [:]
    for applier in appliers {
      let names = Set(addresses.filter { $0.kind == applier.kind }.map(\.name))
      for (name, observation) in await applier.observe(names, of: state) {
        observed[ResourceAddress(applier.kind, name)] = observation
      }
    }
    return observed
  }

  private func refusals(
    _ state: LoadedState, observed: [ResourceAddress: Observation]
  ) -> [PlanRefusal] {
    let missing = isReview ? [] : missingSecrets(observed)
    return missing + weakSecrets(observed) + HostFolders.refusals(state.spec, paths: paths)
  }

  private func weakSecrets(_ observed: [ResourceAddress: Observation]) -> [PlanRefusal] {
    observed.compactMap { address, observation -> PlanRefusal? in
      guard address.kind == .secret, case .present(let fields) = observation,
        let weakness = fields["weakness"]?.stringValue
      else { return nil }
      return PlanRefusal(
        address, .secretWeak,
        "\(address.name) is too weak: \(weakness); kafclaw token generate makes one")
    }.sorted { $0.address < $1.address }
  }

  private func missingSecrets(
    _ observed: [ResourceAddress: Observation]
  ) -> [PlanRefusal] {
    let missing = observed.filter { $0.key.kind == .secret && $0.value == .absent }
    return missing.keys.sorted().map { address in
      PlanRefusal(
        address, .secretMissing,
        "\(address.name) cannot be resolved: \(remedy(address.name))")
    }
  }

  private func remedy(_ reference: String) -> String {
    let made = "tomb:token/"
    if reference.hasPrefix(made) {
      return "kafclaw token generate \(reference.dropFirst(made.count))"
    }
    if reference.hasPrefix("tomb:") {
      return "kafclaw tomb set \(reference.dropFirst("tomb:".count))"
    }
    if reference.hasPrefix("file:") { return "put it into \(paths.credentials)" }
    return "set the variable, or put it into \(paths.environmentFile)"
  }

  static func policy(_ state: LoadedState) throws -> [Plan.PolicyResult] {
    try GuardrailEvaluator(packs: state.spec.guardrails).evaluate(state.effective).map { finding in
      Plan.PolicyResult(
        id: finding.id, pack: finding.pack, result: finding.result.rawValue,
        message: finding.message, runbook: finding.runbook, remedy: finding.remedy,
        path: finding.path)
    }
  }

  private static func environment(_ state: LoadedState) -> [Plan.EnvironmentValue] {
    state.provenance.compactMap { path, origin -> Plan.EnvironmentValue? in
      guard case .environment(let variable) = origin, let entry = state.origin(of: path),
        entry.value.objectValue == nil
      else { return nil }
      return Plan.EnvironmentValue(path: path, variable: variable, value: entry.value)
    }
  }

  private static func handling(_ drift: DriftSpec) -> [ResourceKind: DriftHandling] {
    func handling(_ policy: DriftPolicy?) -> DriftHandling {
      (policy ?? drift.default) == .report ? .report : .correct
    }
    return [
      .component: handling(drift.component), .configuration: handling(drift.configuration),
      .modes: handling(drift.modes), .senders: handling(drift.senders),
      .skill: handling(drift.skill), .tools: handling(drift.tools),
      .workspace: handling(drift.workspace), .secret: .correct,
    ]
  }
}

extension Plan.Source {
  /// The same, with what is applied now.
  func based(on commit: String?, tree: String?) -> Plan.Source {
    Plan.Source(
      repository: repository, branch: branch, headCommit: headCommit, headTree: headTree,
      verification: verification, baseCommit: commit, baseTree: tree, verifiedBy: verifiedBy)
  }
}
