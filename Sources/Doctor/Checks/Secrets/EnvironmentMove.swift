// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import FoundationEssentials
import Glibc
import SodiumCrypto
import Tomb

extension ApplianceError.Code {
  /// The `env` file was changed by somebody else meanwhile.
  static let environmentChanged = Self("env.changed")
  /// A value of the `env` file cannot be moved as it is.
  static let environmentInvalid = Self("env.invalid")
}

/// Moves secrets from the `env` file into the tomb: seals them, reads them back, and takes them out
/// of the file only then. Whatever cuts it off, each is in the file or in the tomb, or in both.
struct EnvironmentMove: Sendable {
  /// What has just been done.
  enum Step: Equatable {
    case sealed(String)
    case readBack
    case scrubbed
  }

  let paths: AppliancePaths
  let tomb: TombStore
  let now: Date
  /// Called after each step; what it throws cuts the move off there.
  var passing: @Sendable (Step) throws -> Void = { _ in }

  /// - Throws: `env.invalid` for values that cannot be moved, `env.changed`, `io.lock-held`, and
  ///   what keeps the tomb or the file from being read or written. The file is as it was then.
  func carryOut() throws {
    let lock = try FileLock(
      acquiring: paths.environmentLock, purpose: "kafclaw doctor --fix", patience: 30)
    try move()
    _ = consume lock
  }

  private func move() throws {
    guard var file = try EnvironmentFile.read(paths.environmentFile) else { return }
    defer { file.wipe() }
    let names = EnvironmentSecrets(in: file).names
    let values = try names.map { try (name: $0, value: Self.value(of: $0, in: file)) }
    guard !values.isEmpty else { return }
    try requireOneName()
    for (name, value) in values {
      try seal(value, of: name)
      try passing(.sealed(name))
    }
    for (name, value) in values { try requireSealed(value, of: name) }
    try passing(.readBack)
    try requireUnchanged(file)
    var rest = file.without(Set(names))
    try DurableFile.replaceSecret(paths.environmentFile, with: SecretValue(wiping: &rest))
    try passing(.scrubbed)
  }

  /// What has another name keeps its content whatever is written here.
  private func requireOneName() throws {
    var status = stat()
    guard lstat(paths.environmentFile, &status) == 0 else {
      throw ApplianceError.system("examine", paths.environmentFile)
    }
    guard status.st_nlink == 1 else {
      throw ApplianceError(
        .environmentInvalid,
        "\(paths.environmentFile) has \(status.st_nlink) names; the others would keep the secrets",
        hint: "remove the others: find DIR -samefile \(paths.environmentFile)")
    }
  }

  /// Which secrets would be moved.
  ///
  /// - Throws: As ``carryOut()``.
  func preview() throws -> [String] {
    guard var file = try EnvironmentFile.read(paths.environmentFile) else { return [] }
    defer { file.wipe() }
    let names = EnvironmentSecrets(in: file).names
    for name in names { _ = try Self.value(of: name, in: file) }
    return names
  }

  // MARK: Values

  /// What the variable resolves to today: its first value that is not empty.
  ///
  /// - Throws: `env.invalid`.
  private static func value(of name: String, in file: EnvironmentFile) throws -> SecretValue {
    let shown = SensitiveName.shown(name)
    guard let bytes = file.value(of: name), bytes.count <= TombEntry.valueLimit else {
      throw ApplianceError(
        .environmentInvalid,
        "\(shown) is longer than the \(TombEntry.valueLimit) bytes of an entry",
        hint: "shorten it, or take it out of the file")
    }
    guard SecretReference("tomb:\(entry(of: name))") == .tomb(entry(of: name)) else {
      throw ApplianceError(
        .environmentInvalid, "\(shown) cannot be the name of an entry of the tomb",
        hint: "give the variable another name: letters, digits and _")
    }
    let values = Set(file.values(of: name).filter { !$0.isEmpty }.map { Array($0) })
    guard values.count <= 1 else {
      throw ApplianceError(
        .environmentInvalid, "\(shown) has \(values.count) different values; one would be lost",
        hint: "keep the line that is meant, and take out the others")
    }
    guard !goesOn(name, bytes, in: file) else {
      throw ApplianceError(
        .environmentInvalid, "the value of \(shown) seems to go on in the next line",
        hint: "kafclaw tomb set \(entry(of: name)) takes values of several lines; then remove its "
          + "lines from the file")
    }
    return SecretValue(copying: bytes)
  }

  static func entry(of name: String) -> String { "env/\(name)" }

  /// Whether a value of several lines was meant, which the file cannot have.
  private static func goesOn(
    _ name: String, _ value: ArraySlice<UInt8>, in file: EnvironmentFile
  ) -> Bool {
    let place = file.lines.firstIndex { $0.assignment?.value == value.startIndex..<value.endIndex }
    guard let place, place + 1 < file.lines.count, file.lines[place + 1].content == .malformed
    else { return false }
    let isQuoted = "\"'{[".utf8.contains { value.first == $0 }
    let isKey =
      value.firstRange(of: Array("-----BEGIN ".utf8)) != nil
      && value.firstRange(of: Array("-----END ".utf8)) == nil
    return isQuoted || isKey
  }

  // MARK: Tomb and file

  /// The file is what the variable resolves to now, so that its value takes the place of another
  /// one in the tomb.
  private func seal(_ value: SecretValue, of name: String) throws {
    let present = try sealed(name)
    guard present.map({ !$0.isEqual(to: value) }) ?? true else { return }
    let details = EntryDetails(purpose: present == nil ? "moved from the env file" : nil)
    try tomb.set(Self.entry(of: name), value, details, at: now)
  }

  /// What the tomb has, read from its files; `nil` where it has no such entry.
  private func sealed(_ name: String) throws -> SecretValue? {
    let name = Self.entry(of: name)
    guard let entry = try tomb.list().first(where: { $0.name == name }) else { return nil }
    // Whoever may use it: that it can be read is what counts here.
    return try tomb.value(name, for: entry.consumers.first ?? "supervisor")
  }

  private func requireSealed(_ value: SecretValue, of name: String) throws {
    guard let sealed = try sealed(name), sealed.isEqual(to: value) else {
      throw ApplianceError(
        .environmentChanged, "the tomb does not have the value of \(name) that was put into it",
        hint: "kafclaw doctor --fix again: \(paths.environmentFile) is as it was")
    }
  }

  private func requireUnchanged(_ file: EnvironmentFile) throws {
    var present = try EnvironmentFile.read(paths.environmentFile)
    defer { present?.wipe() }
    guard present?.bytes == file.bytes else {
      throw ApplianceError(
        .environmentChanged,
        "\(paths.environmentFile) was changed by somebody else while its secrets were moved",
        hint: "kafclaw doctor --fix again: nothing was taken out of it")
    }
  }
}
