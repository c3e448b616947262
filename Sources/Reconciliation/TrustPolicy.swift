// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
import GitSource
public import Provenance
import SodiumCrypto

/// Whom this host trusts, as `appliance.yaml` says now.
public struct TrustPolicy: Sendable, Codable, Equatable {
  public let verifies: Bool
  public let signers: [Signer]
  public let start: String?
  /// Changes with everything that can change the verdict on a commit.
  public let digest: Digest

  /// No verification at all.
  public static let none = TrustPolicy(verifies: false, signers: [], start: nil)

  init(verifies: Bool, signers: [Signer], start: String?) {
    (self.verifies, self.start) = (verifies, start)
    self.signers = signers.sorted { $0.name < $1.name }
    let names = self.signers.map { signer -> JSONValue in
      [
        "name": .string(signer.name), "key": .string(signer.key.text),
        "roles": .array(signer.roles.map(\.rawValue).sorted().map { .string($0) }),
        "paths": .array(signer.paths.map { .string($0) }),
        "times": .string("\([signer.validFrom, signer.validUntil, signer.revoked])"),
      ]
    }
    digest = SHA256.digest(.array([.bool(verifies), .array(names)]))
  }

  /// - Throws: `provenance.key-type` and the like for a signer's key; `trust.no-signers`.
  public init(_ bootstrap: BootstrapSpec) throws {
    let signers = try bootstrap.signers.sorted { $0.key < $1.key }.map { name, spec in
      try Self.signer(name, spec)
    }
    let verifies = bootstrap.source.verify == .signatures
    guard !verifies || signers.contains(where: { $0.roles.contains(.commit) }) else {
      throw ApplianceError(
        .noSigners, "source.verify is \"signatures\", but no signer has the role commit",
        hint: "add signers: {NAME: {key: \"ssh-ed25519 …\"}} to appliance.yaml")
    }
    self.init(verifies: verifies, signers: signers, start: bootstrap.source.start?.text)
  }

  private static func signer(_ name: String, _ spec: SignerSpec) throws -> Signer {
    do {
      return Signer(
        name: name, key: try SSHPublicKey(authorizedKey: spec.key),
        roles: Set(spec.roles.compactMap { Signer.Role(rawValue: $0.rawValue) }),
        paths: spec.paths, validFrom: spec.validFrom?.date, validUntil: spec.validUntil?.date,
        revoked: spec.revoked?.date)
    } catch let error as ApplianceError {
      throw ApplianceError(
        error.code, "signers.\(name).key: \(error.message)", hint: error.hint)
    }
  }

  /// The verdict on a state that was applied, by today's signers.
  func verdict(on bundle: AppliedBundle) -> AppliedVerdict {
    guard verifies else { return .notVerified }
    guard let evidence = bundle.evidence else { return .unsigned }
    guard evidence.id == bundle.revision?.commit else {
      return .rejected("the stored signature is that of another commit")
    }
    switch CommitVerifier(signers: signers).verdict(on: evidence) {
    case .verified(let signer, _): return .verified(by: signer)
    case .rejected(_, let message): return .rejected(message)
    }
  }
}

/// What today's signers make of the applied state.
public enum AppliedVerdict: Sendable, Equatable {
  /// `verify: none`.
  case notVerified
  /// It came from a folder, by an operator's decision.
  case unsigned
  case verified(by: String)
  case rejected(String)
}

extension ApplianceError.Code {
  /// Signatures are demanded and nobody may sign.
  static let noSigners = Self("trust.no-signers")
}
