// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import DurableIO
import Foundation
import Glibc
import Synchronization
import Tomb

extension ApplianceError.Code {
  /// A secret reference does not resolve.
  static let secretMissing = Self("secret.missing")
}

/// Resolves secret references. `env:NAME` is looked for in the process environment, in the `env` file
/// and in the tomb as `env/NAME`; `tomb:NAME` in the tomb; `file:NAME` among the credentials. What is
/// not found is an error, never an empty secret.
///
/// The program's own copy of a variable is overwritten once it has been read; from then on every
/// resolver of the process knows the value.
final class SecretResolver: Sendable {
  private let file: String
  private let folders: [String]
  /// Variables that the environment does not have any more.
  private static let taken = Mutex<[String: SecretValue]>([:])
  private let tomb: TombStore?
  private let audit: HostAudit?
  /// What was recorded already: each use of each version once, not with every pass.
  private let told = Mutex<Set<String>>([])
  private let tombFailure: ApplianceError?

  /// - Parameter tomb: How the host declares its tomb. A declaration that cannot be is told when a
  ///   secret of the tomb is wanted.
  /// - Parameter asks: Whether a passphrase may be asked for on a terminal.
  init(
    _ paths: AppliancePaths, _ tomb: TombSpec, _ audit: HostAudit? = nil, asks: Bool = true
  ) {
    self.audit = audit
    do {
      (self.tomb, tombFailure) = (try HostTomb.store(paths, tomb, asks: asks), nil)
    } catch {
      (self.tomb, tombFailure) = (nil, ApplianceError.of(error))
    }
    file = paths.environmentFile
    let handedOver = ProcessEnvironment.value(of: "CREDENTIALS_DIRECTORY").map { [$0] } ?? []
    folders = handedOver + [paths.credentials]
  }

  /// - Parameter consumer: Who uses it; an entry of the tomb may name who may.
  /// - Throws: `secret.missing`; errors of reading the `env` file and of the tomb.
  func resolve(_ reference: SecretReference, for consumer: SecretConsumer) throws -> SecretValue {
    switch reference {
    case .environment(let name): return try variable(name, reference, consumer)
    case .file(let name): return try credential(name, reference)
    case .tomb(let name):
      if let value = try entry(name, consumer) { return value }
      let client = name.hasPrefix(Self.madeTokens) ? name.dropFirst(Self.madeTokens.count) : nil
      throw ApplianceError(
        .secretMissing, "\"\(reference)\" is not in the tomb",
        hint: client.map { "kafclaw token generate \($0)" } ?? "kafclaw tomb set \(name)")
    }
  }

  /// The entries of the tomb, without their values; none where there is no tomb.
  func entries() throws -> [TombEntry] {
    if let tombFailure { throw tombFailure }
    guard let tomb, try tomb.exists else { return [] }
    return try tomb.list()
  }

  /// References below this name say that a token is made here; it has no value that resolves.
  static let madeTokens = "token/"

  /// The tokens that were made here; `nil` where there is no tomb.
  ///
  /// - Throws: What keeps the tomb from being opened: what was revoked is known to it alone.
  func tokenStore() throws -> TokenStore? {
    if let tombFailure { throw tombFailure }
    guard let tomb else { return nil }
    try tomb.requireNotLost()
    return try tomb.exists ? TokenStore(tomb) : nil
  }

  /// Whether the shared client has a token that was made here.
  func hasMadeToken() throws -> Bool {
    try tokenStore()?.read()?.client(ClientToken.sharedName) != nil
  }

  /// - Returns: `nil` where there is no tomb, or no such entry in it.
  private func entry(_ name: String, _ consumer: SecretConsumer) throws -> SecretValue? {
    if let tombFailure { throw tombFailure }
    do {
      // Of all times only the newest version is valid at the end of time.
      let versions = try tomb?.versions(name, for: consumer.rawValue, at: .distantFuture)
      guard let newest = versions?.last else { return nil }
      try tell(name, newest.version.number, consumer)
      return newest.value
    } catch let error as ApplianceError where [.tombMissing, .tombNoEntry].contains(error.code) {
      return nil
    }
  }

  /// A credential of the service manager (systemd.exec(5), `LoadCredential=`), else a private file.
  private func credential(_ name: String, _ reference: SecretReference) throws -> SecretValue {
    for folder in folders {
      let path = "\(folder)/\(name)"
      guard let bytes = try DurableFile.readIfPresent(path, limit: 64 << 10) else { continue }
      try PrivateFolder.requireSecretFile(path)
      if !bytes.isEmpty { return SecretValue(copying: bytes) }
    }
    throw ApplianceError(
      .secretMissing, "\"\(reference)\" is not there",
      hint: "put it into \(folders.last ?? "")/\(name), mode 0600")
  }

  /// Records the use of a secret before it is handed out. Looking whether it is there is no use.
  private func tell(_ name: String, _ version: Int, _ consumer: SecretConsumer) throws {
    guard let audit, consumer != .supervisor else { return }
    let use = "\(name) \(version) \(consumer.rawValue)"
    guard !told.withLock({ $0.contains(use) }) else { return }
    let now = Date()
    try audit.trail.record(
      [
        AuditEvent(
          .secretUse, by: consumer.rawValue, on: "tomb:\(name)", .done, at: now,
          details: ["version": String(version)])
      ], at: now)
    told.withLock { _ = $0.insert(use) }
  }

  private func variable(
    _ name: String, _ reference: SecretReference, _ consumer: SecretConsumer
  ) throws -> SecretValue {
    if let value = take(name) { return value }
    if let value = try fromFile(name) { return value }
    if let value = try entry("env/\(name)", consumer) { return value }
    throw ApplianceError(
      .secretMissing, "\"\(reference)\" is not set",
      hint:
        "set the variable before `kafclaw run`, or add it to \(file), or: kafclaw tomb set env/\(name)"
    )
  }

  /// Why a token is too easy to guess; `nil` when it is not, or cannot be seen here.
  func weakness(of reference: SecretReference) throws -> String? {
    do {
      return TokenText.weakness(of: try resolve(reference, for: .supervisor))
    } catch let error as ApplianceError
      where [.secretMissing, .tombNotForYou].contains(error.code)
    {
      return nil
    }
  }

  /// A secret whoever it is for: it is looked at, and handed to nobody.
  func resolveForExamination(_ reference: SecretReference) throws -> SecretValue {
    for consumer in [SecretConsumer.supervisor, .gateway, .agent] {
      do { return try resolve(reference, for: consumer) } catch let error as ApplianceError
        where error.code == .tombNotForYou
      { continue }
    }
    return try resolve(reference, for: .source)
  }

  /// Every secret that is live, with the name people know it by: to look for it where it must not
  /// be. Handed to nobody, so not recorded.
  ///
  /// - Throws: When one that may be there cannot be read.
  func liveSecrets(_ references: [SecretReference]) throws -> [(name: String, value: SecretValue)] {
    var secrets: [(name: String, value: SecretValue)] = []
    if let tombFailure { throw tombFailure }
    if let tomb, try tomb.exists {
      try tomb.forEachValue { name, value in
        // The registry of tokens holds hashes.
        if !name.hasPrefix(TombStore.ownPrefix) { secrets.append((name, value)) }
      }
    }
    for reference in references {
      do {
        secrets.append((reference.description, try resolveForExamination(reference)))
      } catch let error as ApplianceError
        where [.secretMissing, .tombNotForYou].contains(error.code)
      {
        // One that is not there cannot be seen anywhere; those of the tomb are listed above.
        continue
      }
    }
    return secrets
  }

  /// Whether the reference resolves now.
  ///
  /// - Throws: When that cannot be told.
  func isPresent(_ reference: SecretReference) throws -> Bool {
    do {
      return try resolve(reference, for: .supervisor).count > 0
    } catch let error as ApplianceError where error.code == .secretMissing {
      return false
    } catch let error as ApplianceError where error.code == .tombNotForYou {
      return true
    }
  }

  /// Whether a variable was read, and is not in the environment any more.
  static func hasTaken(_ name: String) -> Bool { taken.withLock { $0[name] != nil } }

  private func take(_ name: String) -> SecretValue? {
    Self.taken.withLock { taken in
      if let value = taken[name] { return value }
      guard let pointer = getenv(name), pointer.pointee != 0 else { return nil }
      let length = strlen(pointer)
      let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
      let value = SecretValue(copying: bytes)
      memset(pointer, Int32(UInt8(ascii: "x")), length)
      unsetenv(name)
      taken[name] = value
      return value
    }
  }

  private func fromFile(_ name: String) throws -> SecretValue? {
    guard var found = try EnvironmentFile.read(file) else { return nil }
    defer { found.wipe() }
    return found.value(of: name).map { SecretValue(copying: $0) }
  }
}

/// Who a secret is resolved for.
enum SecretConsumer: String {
  case gateway
  case agent
  case source
  case supervisor
}
