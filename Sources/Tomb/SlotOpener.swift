// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DurableIO
import FoundationEssentials
import SodiumCrypto

/// Gets the private key of the declared backend's slot, and makes new slots of it. One that has
/// been opened is kept in protected memory for as long as this lives.
public struct SlotOpener: Sendable {
  public let backend: TombBackend
  /// Asks for the passphrase; `isNew` asks twice.
  var passphrase: @Sendable (_ isNew: Bool) throws -> SecretValue
  /// Path of the key of the backend `file`.
  let keyFile: String?
  /// The key of the backend `systemd`: 32 bytes, or 64 hexadecimal digits.
  var credential: @Sendable () throws -> SecretValue

  public init(
    _ backend: TombBackend, keyFile: String? = nil,
    passphrase: @escaping @Sendable (_ isNew: Bool) throws -> SecretValue = { _ in
      throw SlotOpener.noPassphrase
    },
    credential: @escaping @Sendable () throws -> SecretValue = { throw SlotOpener.noCredential }
  ) {
    (self.backend, self.keyFile) = (backend, keyFile)
    (self.passphrase, self.credential) = (passphrase, credential)
  }

  static let passphraseMinimum = 12

  public static let noPassphrase = ApplianceError(
    .tombLocked, "the tomb needs its passphrase, and there is no terminal to ask for it",
    hint: "hand it over as the credential \"tomb-passphrase\" (systemd.exec(5), LoadCredential=)")

  public static let noCredential = ApplianceError(
    .tombLocked, "the service manager handed over no credential \"tomb-key\"",
    hint: "LoadCredentialEncrypted=tomb-key:… in the unit; see systemd-creds(1)")

  /// The private key of a slot of the declared backend.
  ///
  /// - Throws: `tomb.locked`, `tomb.parameters`, `io.unsafe`.
  func privateKey(of slot: KeySlot, tomb: [UInt8]) throws -> SecretKey {
    switch slot.kind {
    case .local: return try slot.localKey()
    case .passphrase: return try opened(slot, tomb)
    case .file: return try Self.key(try fileKey(), "the key file \(keyFile ?? "")")
    case .systemd: return try Self.key(try credential(), "the credential \"tomb-key\"")
    case .recovery:
      throw ApplianceError(.tombLocked, "a recovery key is not kept on a host")
    }
  }

  private func opened(_ slot: KeySlot, _ tomb: [UInt8]) throws -> SecretKey {
    let wrapped = try KeySlot.Wrapped(slot.protection)
    let cache = backend == .keyring ? SessionKeyring(tomb: tomb, slot: slot.id) : nil
    // Any process of the user can put something there.
    if let kept = try cache?.read(), try slot.isOpened(by: kept) { return kept }
    let key: SecretKey
    do {
      key = try wrapped.open(try passphrase(false))
    } catch let error as ApplianceError where error.code == .notAuthentic {
      throw ApplianceError(.tombLocked, "the passphrase does not open the tomb")
    }
    try cache?.write(key)
    return key
  }

  /// A new slot of a tomb, and its private key.
  func makeSlot(
    label: String, tomb: [UInt8], at now: Date
  ) throws -> (slot: KeySlot, key: SecretKey) {
    switch backend {
    case .local:
      let pair = try RecipientKey.random()
      return (
        slot(.local, label, pair, pair.privateKey.withBytes { Array($0) }, now),
        pair.privateKey
      )
    case .passphrase, .keyring:
      let pair = try RecipientKey.random()
      let words = try passphrase(true)
      guard words.count >= Self.passphraseMinimum else {
        throw ApplianceError(
          .tombInvalid, "the passphrase has \(words.count) bytes",
          hint: "take at least \(Self.passphraseMinimum): six random words are good")
      }
      let wrapped = try KeySlot.Wrapped(pair.privateKey, passphrase: words)
      let made = slot(.passphrase, label, pair, wrapped.bytes, now)
      if backend == .keyring {
        try SessionKeyring(tomb: tomb, slot: made.id).write(pair.privateKey)
      }
      return (made, pair.privateKey)
    case .file:
      let pair = try writeFileKey()
      return (slot(.file, label, pair, [], now), pair.privateKey)
    case .systemd:
      let pair = try RecipientKey(Self.key(try credential(), "the credential \"tomb-key\""))
      return (slot(.systemd, label, pair, [], now), pair.privateKey)
    }
  }

  private func slot(
    _ kind: KeySlot.Kind, _ label: String, _ pair: RecipientKey, _ protection: [UInt8],
    _ now: Date
  ) -> KeySlot {
    KeySlot(kind, label: label, publicKey: pair.publicKey, protection: protection, at: now)
  }

  private func path() throws -> String {
    guard let keyFile else {
      throw ApplianceError(
        .tombBackend, "the backend \"file\" needs the path of its key",
        hint: "set tomb.keyFile in appliance.yaml")
    }
    return keyFile
  }

  private func fileKey() throws -> SecretValue {
    let path = try path()
    guard var bytes = try DurableFile.readIfPresent(path, limit: 1 << 10) else {
      throw ApplianceError(
        .tombLocked, "the tomb's key \"\(path)\" is not there", hint: "mount its medium")
    }
    try PrivateFolder.requireSecretFile(path)
    return SecretValue(wiping: &bytes)
  }

  /// A key that is there already is taken: several hosts may share a medium.
  private func writeFileKey() throws -> RecipientKey {
    let path = try path()
    if try DurableFile.readIfPresent(path, limit: 1 << 10) == nil {
      let pair = try RecipientKey.random()
      var text = [UInt8](repeating: UInt8(ascii: "\n"), count: 2 * SecretKey.count + 1)
      defer { SecretText.wipe(&text) }
      text.withUnsafeMutableBytes { text in
        pair.privateKey.withBytes { SecretText.writeHexadecimal($0, to: text) }
      }
      try DurableFile.replace(path, with: text)
    }
    return try RecipientKey(Self.key(try fileKey(), "the key file \(path)"))
  }

  /// 32 bytes, or 64 hexadecimal digits with white space around.
  private static func key(_ value: SecretValue, _ what: String) throws -> SecretKey {
    try value.withBytes { bytes in
      if bytes.count == SecretKey.count { return try SecretKey(copying: bytes) }
      let digits = SecretText.without(SecretText.isBlank, bytes)
      guard let key = digits.withBytes({ SecretText.hexadecimal($0) }),
        key.count == SecretKey.count
      else {
        throw ApplianceError(
          .tombLocked, "\(what) has neither 32 bytes nor 64 hexadecimal digits")
      }
      return try key.withBytes { try SecretKey(copying: $0) }
    }
  }
}
