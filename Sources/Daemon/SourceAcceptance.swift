// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DesiredState
public import FoundationEssentials
import Provenance
public import Reconciliation
import SodiumCrypto

extension ApplianceError.Code {
  /// A rewind is not allowed, or not in this way.
  static let acceptanceRefused = Self("trust.acceptance-refused")
}

/// Allows the branch to be somewhere else once, after it was rewound.
///
/// With signatures this takes a statement signed by somebody with the role `emergency`; without, an
/// operator's word.
public enum SourceAcceptance: Sendable, Codable {
  case statement(bytes: [UInt8], signature: [UInt8])
  case operatorDecision(commit: String, reason: String)

  /// The record after the rewind.
  ///
  /// - Throws: `trust.acceptance-refused`, errors of the statement.
  public func apply(
    to trust: SourceTrust?, _ bootstrap: BootstrapSpec, at now: Date
  ) throws -> SourceTrust {
    guard let trust else {
      throw ApplianceError(
        .acceptanceRefused, "this host has accepted nothing that could be rewound",
        hint: "confirm a first commit: source.start in appliance.yaml")
    }
    let policy = try TrustPolicy(bootstrap)
    switch self {
    case .statement(let bytes, let signature):
      let statement = try EmergencyStatement.verify(
        bytes: bytes, signature: signature, signers: policy.signers, at: now)
      return try rewind(trust, by: statement, SHA256.digest(bytes), bootstrap, at: now)
    case .operatorDecision(let commit, _):
      guard !policy.verifies else {
        throw ApplianceError(
          .acceptanceRefused, "commits are verified: a rewind takes a signed statement",
          hint: "kafclaw source statement --to COMMIT")
      }
      guard let commit = CommitID(commit) else {
        throw ApplianceError(
          .malformed, "\(Quoted(commit)) is not a commit id",
          hint: "all 40 digits, as git rev-parse prints them")
      }
      return moved(trust, to: commit.text, at: now)
    }
  }

  /// An operator's word is about the commit that the branch is at: another one would refuse every pass after it.
  ///
  /// - Throws: `trust.acceptance-refused`; what keeps the source from being read.
  public func requireTip(
    _ bootstrap: BootstrapSpec, _ tip: () async throws -> String?
  ) async throws {
    guard case .operatorDecision(let commit, _) = self, CommitID(commit) != nil,
      try !TrustPolicy(bootstrap).verifies
    else { return }
    let tip = try await tip()
    guard tip == CommitID(commit)?.text else {
      throw ApplianceError(
        .acceptanceRefused,
        "the branch is at commit \(tip ?? "none"), not at \(commit)",
        hint: "look at it, then kafclaw source accept --commit \(tip ?? "COMMIT")")
    }
  }

  private func rewind(
    _ trust: SourceTrust, by statement: EmergencyStatement, _ digest: Digest,
    _ bootstrap: BootstrapSpec, at now: Date
  ) throws -> SourceTrust {
    let source = bootstrap.source
    let mismatch: String? =
      if statement.repository != source.repository {
        "is about repository \(Quoted(statement.repository))"
      } else if statement.branch != source.branch {
        "is about branch \(Quoted(statement.branch))"
      } else if statement.from != trust.accepted {
        "goes from commit \(statement.from.prefix(12)), but \(trust.accepted.prefix(12)) was "
          + "accepted last"
      } else if statement.notAfter > now.addingTimeInterval(Reconciler.holdLimit) {
        "is good for more than 30 days"
      } else if trust.statements.contains(digest) {
        "was used already"
      } else {
        nil
      }
    if let mismatch {
      throw ApplianceError(
        .acceptanceRefused, "the statement \(mismatch)",
        hint: "kafclaw source statement prints what is to be signed")
    }
    var after = moved(trust, to: statement.to, at: now)
    after.statements = (trust.statements + [digest]).suffix(100)
    return after
  }

  private func moved(_ trust: SourceTrust, to commit: String, at now: Date) -> SourceTrust {
    var after = trust
    after.abandoned = ((trust.abandoned + [trust.accepted]).filter { $0 != commit }).suffix(1_000)
    (after.accepted, after.floor) = (commit, commit)
    after.received = [commit: now]
    after.count += 1
    return after
  }
}
