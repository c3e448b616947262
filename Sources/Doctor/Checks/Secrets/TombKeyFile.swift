// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import Tomb

extension Check {
  /// Encryption protects from whoever does not have the key: it must not lie with what it opens.
  static let tombKeyFile = Check(
    "tomb.keyfile", "The tomb's key lies apart from what it opens", .high, .security,
    reference: "runbook 9",
    remedy: "tomb.backend in appliance.yaml, then kafclaw tomb recover",
    detect: { host in
      guard let tomb = try host.presentTomb else { return .notApplicable("there is no tomb") }
      switch tomb.backend {
      case .local: return try TombKeyPlace(host).local
      case .file: return try TombKeyPlace(host).file
      case .passphrase: return .pass("backend passphrase: the key is wrapped by it (Argon2id)")
      case .systemd: return .pass("backend systemd: the key is the credential tomb-key")
      case .keyring: return TombKeyPlace.keyring(slots: try tomb.summary().slots.count)
      }
    })
}

/// Where the key of the tomb is, compared with its entries.
struct TombKeyPlace {
  let paths: AppliancePaths
  /// `tomb.rr`.
  let slots: String
  /// The key of the backend `file`.
  let key: String?

  init(_ host: Host) throws {
    paths = host.paths
    let named = host.environment["KAFCLAW_OAUTH_TOMB_FILE"] ?? ""
    slots = named.isEmpty ? paths.tombFile : named
    key = try host.bootstrap.get()?.tomb.keyFile
  }

  var local: Verdict {
    get throws {
      if let problem = try together(slots) { return Verdict(.fail, problem) }
      return .pass(
        "backend local: the key lies in \(slots), apart from the entries; this protects against "
          + "the loss of \(paths.state) or its backups alone and against other users, not against "
          + "somebody who reads both, and not against other programs of this user")
    }
  }

  var file: Verdict {
    get throws {
      guard let key else {
        return Verdict(.unknown, "appliance.yaml does not say where the tomb's key is")
      }
      if let problem = try together(key) { return Verdict(.fail, problem) }
      guard try device(key) != device(paths.tombEntries) else {
        return Verdict(
          .warn,
          "the tomb's key \(key) is on the file system of its entries: whoever copies that "
            + "has both", remedy: "move the key to a medium of its own, and set tomb.keyFile")
      }
      return .pass("backend file: the key \(key) is on another file system than the entries")
    }
  }

  /// - Parameter slots: How many ways into the tomb there are.
  static func keyring(slots: Int) -> Verdict {
    guard slots > 1 else {
      return Verdict(
        .fail, "backend keyring: its passphrase is the only way into the tomb",
        remedy: "kafclaw tomb new-recipient, then kafclaw tomb add-recipient")
    }
    return .pass(
      "backend keyring: the key is wrapped by a passphrase, and kept by the kernel once that was "
        + "typed; other ways into the tomb: \(slots - 1)")
  }

  /// Where both are below the same folder; `nil` where they are not.
  private func together(_ key: String) throws -> String? {
    guard try real(key).hasPrefix(try real(paths.state) + "/") else { return nil }
    return "\(key) lies below \(paths.state), with what it opens: a backup of that has both"
  }

  /// Without links.
  private func real(_ path: String) throws -> String {
    guard let real = PrivateFolder.resolve(path) else {
      throw ApplianceError.system("resolve", path)
    }
    return real
  }

  private func device(_ path: String) throws -> dev_t {
    var status = stat()
    guard stat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    return status.st_dev
  }
}
