// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import FoundationEssentials

extension Check {
  /// The repository says what runs here; a signature says who said it.
  static let sourceVerified = Check(
    "source.verified", "Commits are verified, and somebody can sign the next one", .high, .security,
    reference: "runbook 1; docs/signing.md",
    remedy: "set verify: signatures and signers in appliance.yaml",
    detect: { try SourceLook.verdict($0, unverified: .warn) })
}

/// How the host decides whose commits it takes.
enum SourceLook {
  /// - Parameter unverified: What `verify: none` is.
  static func verdict(_ host: Host, unverified: Verdict.Status) throws -> Verdict {
    guard let bootstrap = try host.bootstrap.get() else {
      return .notApplicable("there is no \(host.paths.bootstrapFile)")
    }
    guard bootstrap.source.verify == .signatures else {
      return Verdict(
        unverified,
        "source.verify is none: whoever can write to the repository decides what runs here")
    }
    return verdict(signers: bootstrap.signers, at: host.now)
  }

  private static func verdict(signers: [String: SignerSpec], at now: Date) -> Verdict {
    let committers = signers.filter { $0.value.roles.contains(.commit) }
    guard !committers.isEmpty else { return Verdict(.fail, "no signer has the role commit") }
    let reasons = committers.sorted { $0.key < $1.key }.map { name, signer in
      (name, invalidity(of: signer, among: signers, at: now))
    }
    let invalid = reasons.compactMap { name, why in why.map { "signer \(name) \($0)" } }
    let valid = reasons.filter { $0.1 == nil }.map(\.0)
    guard !valid.isEmpty else { return Verdict(.fail, invalid) }
    let others = invalid.isEmpty ? "" : "; \(invalid.joined(separator: "; "))"
    return .pass("commits are taken from \(valid.listed())\(others)")
  }

  /// Why a commit that is signed now would not be taken; a key that is revoked in one entry is
  /// revoked in all.
  private static func invalidity(
    of signer: SignerSpec, among signers: [String: SignerSpec], at now: Date
  ) -> String? {
    if signers.values.contains(where: { $0.revoked != nil && isSame($0.key, signer.key) }) {
      return "is revoked"
    }
    if let from = signer.validFrom?.date, from > now {
      return "is valid from \(from.formatted(.iso8601))"
    }
    if let until = signer.validUntil?.date, until < now {
      return "expired \(until.formatted(.iso8601))"
    }
    return nil
  }

  /// Without the comments of the keys.
  private static func isSame(_ one: String, _ other: String) -> Bool {
    one.split { $0.isWhitespace }.prefix(2) == other.split { $0.isWhitespace }.prefix(2)
  }
}
