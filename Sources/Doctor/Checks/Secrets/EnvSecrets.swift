// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Tomb

extension Check {
  /// Whoever reads the `env` file, or a backup of it, has every secret in it.
  static let envSecrets = Check(
    "env.secrets", "The env file has no secret", .high,
    reference: "runbook 9", remedy: "kafclaw doctor --fix",
    repair: { host in try Repair.movingSecrets(of: host) },
    detect: { host in
      let path = host.paths.environmentFile
      guard var file = try EnvironmentFile.read(path) else {
        return .notApplicable("there is no \(path)")
      }
      defer { file.wipe() }
      let found = EnvironmentSecrets(in: file)
      return .of(
        found.evidence(in: path), otherwise: "\(path) has no secret", remedy: remedy(found, host))
    })

  private static func remedy(_ found: EnvironmentSecrets, _ host: Host) -> String {
    guard !found.names.isEmpty else {
      return "kafclaw tomb set NAME takes the value; then remove the line"
    }
    do {
      let isMissing = try host.presentTomb == nil
      return isMissing ? "kafclaw tomb init, then kafclaw doctor --fix" : "kafclaw doctor --fix"
    } catch {
      return "kafclaw tomb verify, then kafclaw doctor --fix"
    }
  }
}

extension Repair {
  /// - Throws: `tomb.missing`, since the recovery key of a new tomb has to be seen by somebody; what
  ///   keeps a value from being moved.
  fileprivate static func movingSecrets(of host: Host) throws -> [Repair] {
    let path = host.paths.environmentFile
    guard let tomb = try host.presentTomb else {
      throw ApplianceError(
        .tombMissing, "there is no tomb that the secrets of \(path) could be moved into",
        hint: "kafclaw tomb init, then kafclaw doctor --fix")
    }
    let move = EnvironmentMove(paths: host.paths, tomb: tomb, now: host.now)
    let names = try move.preview()
    guard !names.isEmpty else {
      throw ApplianceError(
        .environmentInvalid, "what \(path) has in clear has no name it could be moved by",
        hint: "kafclaw tomb set NAME takes the value; then remove the line")
    }
    let shown = names.map(SensitiveName.shown).listed(upTo: 20)
    return [
      Repair("move \(shown) into the tomb and scrub \(path)", on: path) { try move.carryOut() }
    ]
  }
}
