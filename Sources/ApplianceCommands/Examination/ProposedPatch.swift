// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Daemon
import DesiredState
import Doctor
import DurableIO
import Reconciliation

/// `kafclaw doctor --patch`.
enum ProposedPatch {
  /// Prints a difference that `git apply` takes, and nothing else, to standard output. Exit code 3
  /// when a check could not say what it would propose.
  ///
  /// - Throws: `desired.patch-refused` where the difference would not do what it is for; then
  ///   nothing is printed.
  static func run(_ selection: CheckSelection, _ options: ExaminationCommandOptions) async throws {
    // Before anything is resolved: a secret's variable is taken out of the environment.
    let overrides = ProcessEnvironment.overrides
    let host = try await ExaminedHost.look(options)
    let found = await Examiner.examine(
      host, selection, suppressing: ExaminedHost.suppressions(host))
    let proposals = await Proposals.collect(from: found, on: host)
    let patch: DesiredPatch? =
      proposals.all.isEmpty
      ? nil
      : try await patch(
        for: proposals.all.map { DesiredChange($0.path, $0.value) }, try options.paths, overrides)
    try PatchReport(proposals, patch).render(options.format)
    if !proposals.failures.isEmpty { throw CommandExit(code: 3) }
  }

  /// Against the source's tip, which may be newer than what runs.
  static func patch(
    for changes: [DesiredChange], _ paths: AppliancePaths, _ overrides: EnvironmentOverrides
  ) async throws -> DesiredPatch {
    try await patch(paths, overrides) { _ in changes }
  }

  /// - Parameter changes: Of the state at the source's tip.
  static func patch(
    _ paths: AppliancePaths, _ overrides: EnvironmentOverrides,
    changes: (LoadedState) -> [DesiredChange]
  ) async throws -> DesiredPatch {
    let bootstrap = try Bootstrap.require(paths)
    let source = DesiredStateSource(
      bootstrap: try Bootstrap.file(paths, bootstrap), paths: paths, overrides: overrides,
      tomb: bootstrap.tomb)
    let tip = try await source.peek(withDocuments: true)
    let state = try valid(tip)
    guard let tree = tip.documents else {
      throw ApplianceError(.inconsistent, "the source process gave no documents")
    }
    let patch = try DesiredPatch(
      of: tree, state, changes: changes(state), folder: bootstrap.source.path)
    try patch.verify(try await source.read(patch.tree).outcome)
    return patch
  }

  private static func valid(_ tip: SourceReply) throws -> LoadedState {
    switch tip.outcome {
    case .valid(let state): return state
    case .invalid(let issues):
      for issue in issues { Output.note(issue.description) }
      throw CommandExit(code: 11)
    }
  }
}

/// What `doctor --patch` prints.
private struct PatchReport: Encodable {
  let formatVersion = 1
  let proposals: [Proposal]
  /// Empty where there is nothing to apply.
  let patch: String
  let left: [DesiredPatch.Left]
  private let failures: [Proposals.Failure]

  private enum CodingKeys: String, CodingKey {
    case formatVersion, proposals, patch, left
  }

  init(_ proposals: Proposals, _ patch: DesiredPatch?) {
    (self.proposals, failures) = (proposals.all, proposals.failures)
    (self.patch, left) = (patch?.text ?? "", patch?.left ?? [])
  }

  func render(_ format: ExaminationCommandOptions.Format) throws {
    if proposals.isEmpty && failures.isEmpty { Output.note("there is nothing to propose") }
    for proposal in proposals {
      let value = CanonicalJSON.text(proposal.value)
      Output.note("\(proposal.path): \(value), because \(proposal.reason)")
    }
    for one in left { Output.note("left: \(one.path) \(one.reason)") }
    for failure in failures {
      Output.note("\(failure.check) cannot say what to propose: \(failure.error.message)")
    }
    if format == .json { try Output.json(self) } else { Output.text(patch) }
  }
}
