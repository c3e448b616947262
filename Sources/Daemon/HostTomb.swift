// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DesiredState
public import DurableIO
import SodiumCrypto
import Supervision
public import Tomb

/// The tomb as this host declares it: `tomb` in `appliance.yaml`, or the variables
/// `KAFCLAW_OAUTH_KEY_BACKEND` and `KAFCLAW_OAUTH_TOMB_FILE`.
public enum HostTomb {
  /// For processes that hold secrets and do nothing else: no core dumps, no debugger of the same
  /// user.
  public static func protectMemory() { ComponentProcess.protectMemory() }

  /// - Throws: `tomb.backend` for a declaration that contradicts itself or defeats its purpose.
  ///
  /// - Parameter asks: Whether a passphrase may be asked for on a terminal.
  public static func store(
    _ paths: AppliancePaths, _ spec: TombSpec, asks: Bool = true
  ) throws -> TombStore {
    let file = ProcessEnvironment.value(of: "KAFCLAW_OAUTH_TOMB_FILE").flatMap {
      $0.isEmpty ? nil : $0
    }
    if let file, !file.hasPrefix("/") || isBelow(file, paths.state) {
      throw ApplianceError(
        .tombBackend, "KAFCLAW_OAUTH_TOMB_FILE=\(VisibleText.escape(file)) is no place for a key",
        hint: "an absolute path that is not below \(paths.state)")
    }
    return TombStore(
      TombFiles(paths, keyFile: file),
      SlotOpener(
        try backend(spec), keyFile: try keyFile(spec, paths),
        passphrase: asks ? passphrase : handedOverPassphrase,
        credential: { try credential("tomb-key") ?? { throw SlotOpener.noCredential }() }))
  }

  private static func backend(_ spec: TombSpec) throws -> TombBackend {
    guard let word = ProcessEnvironment.value(of: "KAFCLAW_OAUTH_KEY_BACKEND"), !word.isEmpty
    else { return spec.backend }
    guard let backend = TombBackend(rawValue: word) else {
      let words = TombBackend.allCases.map(\.rawValue).joined(separator: ", ")
      throw ApplianceError(
        .tombBackend,
        "KAFCLAW_OAUTH_KEY_BACKEND=\(VisibleText.escape(word)) is not one of \(words)",
        hint: "a backend is declared, never found by trying")
    }
    guard spec.backend == TombSpec().backend || spec.backend == backend else {
      throw ApplianceError(
        .tombBackend,
        "appliance.yaml declares \(spec.backend.rawValue), KAFCLAW_OAUTH_KEY_BACKEND \(word)",
        hint: "declare it in one place")
    }
    return backend
  }

  private static func keyFile(_ spec: TombSpec, _ paths: AppliancePaths) throws -> String? {
    guard let file = spec.keyFile else { return nil }
    let own = [paths.tombFile, paths.tombRecord]
    guard file.hasPrefix("/"), !isBelow(file, paths.state), !own.contains(where: isFile(file))
    else {
      throw ApplianceError(
        .tombBackend, "tomb.keyFile \(VisibleText.escape(file)) is no place for a key",
        hint: "an absolute path on another medium, not below \(paths.state)")
    }
    return file
  }

  private static func isFile(_ path: String) -> (String) -> Bool {
    { other in resolved(path) == resolved(other) }
  }

  private static func isBelow(_ path: String, _ folder: String) -> Bool {
    path.split(separator: "/").contains("..") || resolved(path).hasPrefix(resolved(folder) + "/")
  }

  /// Without links, as far as there are folders.
  private static func resolved(_ path: String) -> String {
    if let real = PrivateFolder.resolve(path) { return real }
    let parent = DurableFile.parentFolder(of: path)
    guard path != "/", parent != "." else { return path }
    let real = resolved(parent)
    return (real == "/" ? "" : real) + path.dropFirst(parent == "/" ? 0 : parent.count)
  }

  /// For commands that ask nobody.
  @Sendable private static func handedOverPassphrase(isNew _: Bool) throws -> SecretValue {
    guard let passphrase = try passphraseCredential() else { throw SlotOpener.noPassphrase }
    return passphrase
  }

  @Sendable private static func passphrase(isNew: Bool) throws -> SecretValue {
    if let handedOver = try passphraseCredential() { return handedOver }
    guard TerminalPrompt.isPossible else { throw SlotOpener.noPassphrase }
    return isNew
      ? try TerminalPrompt.askTwice("New passphrase of the tomb")
      : try TerminalPrompt.ask("Passphrase of the tomb")
  }

  private static func passphraseCredential() throws -> SecretValue? {
    try credential("tomb-passphrase").map { handedOver in
      handedOver.withBytes { words in
        SecretValue(copying: words.last == UInt8(ascii: "\n") ? words.dropLast() : words[...])
      }
    }
  }

  /// A credential of the service manager (systemd.exec(5)), as it is: the last of 32 bytes of a key
  /// may be a line end.
  private static func credential(_ name: String) throws -> SecretValue? {
    guard let folder = ProcessEnvironment.value(of: "CREDENTIALS_DIRECTORY") else { return nil }
    let path = "\(folder)/\(name)"
    guard var bytes = try DurableFile.readIfPresent(path, limit: 64 << 10) else { return nil }
    try PrivateFolder.requireSecretFile(path)
    return SecretValue(wiping: &bytes)
  }
}
