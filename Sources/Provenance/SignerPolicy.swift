// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// Decides whether a key may do something at a time.
struct SignerPolicy {
  /// What is to be allowed, after the signature itself was found good.
  struct Request {
    let key: SSHPublicKey
    let role: Signer.Role
    /// When this host received it, by its own clock.
    let receivedAt: Date
    /// When the signer says to have made it; `nil` where no date is given.
    var claimedAt: Date?
    var paths: [String] = []
    /// Whether it is about everything, so that a signer of some paths may not do it.
    var concernsAll = false
  }

  struct Refusal: Error {
    let reason: CommitVerdict.Reason
    let message: String
  }

  let signers: [Signer]

  /// - Throws: ``Refusal``; of several entries with the key, the one that came closest.
  func signer(for request: Request) throws(Refusal) -> Signer {
    let entries = signers.filter { $0.key == request.key }
    guard !entries.isEmpty else {
      throw Refusal(
        reason: .unknownKey, message: "key \(request.key.fingerprint) is no signer of this host")
    }
    if let signer = entries.first(where: { $0.revoked != nil }) {
      throw Refusal(
        reason: .revoked, message: "the key of \(shown(signer)) is revoked; all it signed is void")
    }
    let refusals = entries.map { refusal(of: $0, request) }
    if let allowed = zip(entries, refusals).first(where: { $1 == nil }) { return allowed.0 }
    let closest = refusals.compactMap { $0 }.max { Self.rank($0) < Self.rank($1) }
    throw closest ?? Refusal(reason: .unknownKey, message: "no signer allows this")
  }

  private static func rank(_ refusal: Refusal) -> Int {
    switch refusal.reason {
    case .roleMissing: 0
    case .notYetValid, .expired: 1
    default: 2
    }
  }

  private func refusal(of signer: Signer, _ request: Request) -> Refusal? {
    guard signer.roles.contains(request.role) else {
      return Refusal(
        reason: .roleMissing,
        message: "\(shown(signer)) does not have the role \"\(request.role.rawValue)\"")
    }
    if let refusal = refusal(of: signer, at: request.receivedAt, "was received") { return refusal }
    // The signer's own date only ever narrows: it can be set back, so it cannot extend.
    if let claimed = request.claimedAt,
      let refusal = refusal(of: signer, at: claimed, "is dated")
    {
      return refusal
    }
    if request.concernsAll, !signer.paths.isEmpty {
      return Refusal(
        reason: .outOfScope,
        message: "\(shown(signer)) is limited to some paths, and this concerns all")
    }
    guard let path = PathScope(signer.paths).firstOutside(request.paths) else { return nil }
    return Refusal(
      reason: .outOfScope,
      message: "\(shown(signer)) may not change \"\(Excerpt.of(path.utf8, limit: 200))\"")
  }

  /// By the differences, so that a date that is no number is outside.
  private func refusal(of signer: Signer, at date: Date, _ verb: String) -> Refusal? {
    if let from = signer.validFrom, !(date.timeIntervalSince(from) >= 0) {
      return Refusal(
        reason: .notYetValid,
        message: "it \(verb) before the key of \(shown(signer)) became valid "
          + "(\(from.formatted(.iso8601)))")
    }
    if let until = signer.validUntil, !(until.timeIntervalSince(date) >= 0) {
      return Refusal(
        reason: .expired,
        message: "it \(verb) after the key of \(shown(signer)) expired "
          + "(\(until.formatted(.iso8601)))")
    }
    return nil
  }

  private func shown(_ signer: Signer) -> String {
    "\"\(Excerpt.of(signer.name.utf8, limit: 100))\""
  }
}
