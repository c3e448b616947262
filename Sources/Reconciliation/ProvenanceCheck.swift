// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import GitSource
import Provenance

extension ApplianceError.Code {
  /// A commit is not by somebody this host trusts, or not well-formed.
  public static let sourceRejected = Self("source.rejected")
}

/// Judges a tip: it descends from what was accepted, and every first-parent commit since the last
/// settled one was signed by somebody who may.
///
/// Runs in the `source` process.
struct ProvenanceCheck {
  let branch: String
  let folder: String
  let trust: SourceRequest.Trust

  private var context: SourceContext {
    SourceContext(branch: branch, folder: folder, verified: trust.policy.verifies)
  }

  /// The newest settled commit; `nil` when it was settled under other circumstances: another
  /// folder, another branch, or without signatures.
  private var floor: String? {
    guard trust.policy.verifies else { return trust.record?.floor }
    return trust.record?.context == context ? trust.record?.floor : nil
  }

  /// - Throws: `git.history-rewritten`, `trust.start-required`, `source.rejected`.
  func judge(_ tip: String, in clone: borrowing GitClone) throws -> SourceProvenance {
    let commits = try path(to: tip, clone)
    var signer: String?
    if trust.policy.verifies {
      let verifier = CommitVerifier(signers: trust.policy.signers)
      // Oldest first: the first one to be refused is the one to look at.
      for commit in toVerify(commits, tip).reversed() {
        signer = try verify(commit, verifier, clone)
      }
    }
    return SourceProvenance(
      commits: commits, evidence: try evidence(tip, clone), signer: signer, context: context)
  }

  /// The commits since the base, newest first; the base itself is not among them.
  private func path(to tip: String, _ clone: borrowing GitClone) throws -> [String] {
    guard let base = try base(tip) else { return [] }
    do {
      let commits = try clone.firstParents(from: tip, until: [base])
      // A start that was confirmed anew may be newer than what was accepted.
      let skipped = try commitsBefore(base, after: commits, clone)
      try refuseAbandoned(commits + skipped + [tip], base, clone)
      return commits
    } catch let error as ApplianceError where error.code == .gitHistoryRewritten {
      throw rewritten(tip, trust.record?.accepted ?? base)
    }
  }

  /// The commits between what was accepted and the base, when it is the older one.
  ///
  /// - Throws: `git.history-rewritten` when what was accepted is nowhere on the way.
  private func commitsBefore(
    _ base: String, after commits: [String], _ clone: borrowing GitClone
  ) throws -> [String] {
    guard let accepted = trust.record?.accepted, accepted != base, !commits.contains(accepted)
    else { return [] }
    return try clone.firstParents(from: base, until: [accepted])
  }

  private func base(_ tip: String) throws -> String? {
    if let floor { return floor }
    if let start = trust.policy.start { return start }
    guard trust.policy.verifies else { return trust.record?.accepted }
    throw ApplianceError(
      .startRequired, "nobody has confirmed the commit that this host starts from",
      hint: "if \(tip) is it, add start: \"\(tip)\" to source in appliance.yaml")
  }

  /// The tip is always among them; the starting commit until something was applied.
  private func toVerify(_ commits: [String], _ tip: String) -> [String] {
    var list = commits.isEmpty ? [tip] : commits
    if floor == nil, let start = trust.policy.start, list.last != start {
      list.append(start)
    }
    return list
  }

  private func verify(
    _ commit: String, _ verifier: CommitVerifier, _ clone: borrowing GitClone
  ) throws -> String {
    switch verifier.verdict(on: try evidence(commit, clone)) {
    case .verified(let signer, _): return signer
    case .rejected(let reason, let message):
      throw ApplianceError(
        .sourceRejected, "commit \(commit.prefix(12)): \(message) (\(reason.rawValue))",
        hint: "signers are listed in appliance.yaml; git verify-commit \(commit.prefix(12))")
    }
  }

  private func evidence(
    _ commit: String, _ clone: borrowing GitClone
  ) throws -> CommitEvidence {
    CommitEvidence(
      id: commit, bytes: try clone.commitObject(commit),
      changedPaths: try clone.changedPaths(of: commit, folder: folder),
      receivedAt: trust.record?.received[commit] ?? trust.now)
  }

  /// What a rewind gave up stays given up: the commit, and those that led to it since the base.
  private func refuseAbandoned(
    _ commits: [String], _ base: String, _ clone: borrowing GitClone
  ) throws {
    for abandoned in trust.record?.abandoned ?? [] {
      // `try?`: a clone that was made anew may lack it, and a fork has another base; then the commit
      // alone is known.
      let line = (try? clone.firstParents(from: abandoned, until: [base])) ?? []
      let given = Set(line + [abandoned])
      if let back = commits.first(where: given.contains), back != base {
        throw ApplianceError(
          .sourceRejected, "commit \(back.prefix(12)) was given up by a rewind",
          hint: "commit something new on top of \(base.prefix(12)), or accept it: "
            + "kafclaw source accept --help")
      }
    }
  }

  private func rewritten(_ tip: String, _ accepted: String) -> ApplianceError {
    ApplianceError(
      .gitHistoryRewritten,
      "the branch was rewound: commit \(accepted.prefix(12)), accepted before, is not on the "
        + "first-parent path of \(tip.prefix(12))",
      hint: "put the branch back, or accept it: kafclaw source accept --help")
  }
}
