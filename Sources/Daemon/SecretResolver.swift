// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Synchronization

extension ApplianceError.Code {
  /// A secret reference does not resolve.
  static let secretMissing = Self("secret.missing")
}

/// Resolves secret references: the process environment, then the `env` file. What is not found is
/// an error, never an empty secret.
///
/// The program's own copy of a variable is overwritten once it has been read.
final class SecretResolver: Sendable {
  private let file: String
  private let folders: [String]
  private let taken = Mutex<[String: SecretValue]>([:])

  init(_ paths: AppliancePaths) {
    file = paths.environmentFile
    let handedOver = ProcessEnvironment.value(of: "CREDENTIALS_DIRECTORY").map { [$0] } ?? []
    folders = handedOver + [paths.credentials]
  }

  /// - Throws: `secret.missing`; errors of reading the `env` file.
  func resolve(_ reference: SecretReference) throws -> SecretValue {
    switch reference {
    case .environment(let name): return try variable(name, reference)
    case .file(let name): return try credential(name, reference)
    case .tomb:
      throw ApplianceError(
        .secretMissing, "\"\(reference)\" cannot be resolved by this version",
        hint: "use env:NAME or file:NAME")
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

  private func variable(_ name: String, _ reference: SecretReference) throws -> SecretValue {
    if let value = take(name) { return value }
    if let value = try fromFile(name) { return value }
    throw ApplianceError(
      .secretMissing, "\"\(reference)\" is not set",
      hint: "set the variable before `kafclaw run`, or add it to \(file)")
  }

  /// Whether the reference resolves now; `nil` when that cannot be told.
  func isPresent(_ reference: SecretReference) -> Bool? {
    do {
      return try resolve(reference).count > 0
    } catch let error as ApplianceError where error.code == .secretMissing {
      return false
    } catch {
      return nil
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
