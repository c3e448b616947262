// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation
import SodiumCrypto
import Tomb

/// The key with which this host signs evidence: in its tomb, or on a host without one in a file.
struct DrillSigner {
  private static let entry = "kafclaw/drill-signer"
  private let paths: AppliancePaths
  private var file: String { paths.configuration + "/drill.key" }

  init(_ paths: AppliancePaths) { self.paths = paths }

  /// Made when it is first asked for.
  func key() throws -> SigningKey {
    let tomb = try HostTomb.store(paths, try Bootstrap.orDefault(paths).tomb)
    try tomb.requireNotLost()
    if try tomb.exists {
      return try SigningKey(
        seed: try BackupHost.host(paths).key(Self.entry, "signs evidence of drills"))
    }
    if let digits = try DurableFile.readIfPresent(file, limit: 256) {
      try PrivateFolder.requireSecretFile(file)
      let text = String(decoding: digits, as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
      guard let seed = Hexadecimal.decode(text), seed.count == SecretKey.count else {
        throw ApplianceError(
          .backupKey, "\"\(file)\" holds no key", hint: "remove it: the next drill makes another")
      }
      return try SigningKey(seed: try seed.withUnsafeBytes { try SecretKey(copying: $0) })
    }
    let made = try SigningKey.random()
    let text = made.seed.withBytes { SecretValue(copying: Array(Hexadecimal.encode($0).utf8)) }
    try PrivateFolder.create(paths.configuration)
    try DurableFile.replaceSecret(file, with: text)
    return made
  }
}
