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
/// The program's own copy of a variable is overwritten once it has been read.
final class SecretResolver: Sendable {
  private let file: String
  private let folders: [String]
  private let taken = Mutex<[String: SecretValue]>([:])
  private let tomb: TombStore?
  private let audit: HostAudit?
  /// What was recorded already: each use of each version once, not with every pass.
  private let told = Mutex<Set<String>>([])
  private let tombFailure: ApplianceError?

  /// - Parameter tomb: How the host declares its tomb. A declaration that cannot be is told when a
  ///   secret of the tomb is wanted.
  init(_ paths: AppliancePaths, _ tomb: TombSpec, _ audit: HostAudit? = nil) {
    self.audit = audit
    do {
      (self.tomb, tombFailure) = (try HostTomb.store(paths, tomb), nil)
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
      throw ApplianceError(
        .secretMissing, "\"\(reference)\" is not in the tomb", hint: "kafclaw tomb set \(name)")
    }
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

  private func take(_ name: String) -> SecretValue? {
    taken.withLock { taken in
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
    guard let bytes = try DurableFile.readIfPresent(file, limit: 1 << 20) else { return nil }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let (key, value) = EnvironmentFile.assignment(line), key == name else { continue }
      if !value.isEmpty { return SecretValue(copying: value) }
    }
    return nil
  }
}

/// Who a secret is resolved for.
enum SecretConsumer: String {
  case gateway
  case agent
  case source
  case supervisor
}

/// The lines of an `env` file: `NAME=VALUE`, optionally `export` before and quotes around.
enum EnvironmentFile {
  static func assignment(_ line: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>)? {
    var rest = line.drop(while: isBlank)
    let export = Array("export ".utf8)
    if rest.starts(with: export) { rest = rest.dropFirst(export.count).drop(while: isBlank) }
    guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), rest.first != UInt8(ascii: "#")
    else { return nil }
    var value = rest[rest.index(after: equals)...]
    while let last = value.last, isBlank(last) { value.removeLast() }
    if let quote = value.first, value.count >= 2, value.last == quote,
      quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
    {
      value = value.dropFirst().dropLast()
    }
    return (String(decoding: rest[..<equals], as: UTF8.self), value)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
