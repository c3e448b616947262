// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import SodiumCrypto
import Synchronization

/// The tomb of a host: secrets at rest, sealed under a key that lies apart from them.
///
/// Reads take no lock: each file is replaced as a whole. Changes are made under one lock by
/// whichever process makes them; the opened slot is kept in protected memory.
public final class TombStore: Sendable {
  let files: TombFiles
  let opener: SlotOpener
  private let slotKey = Mutex<(slot: [UInt8], key: SecretKey)?>(nil)

  public init(_ files: TombFiles, _ opener: SlotOpener) {
    self.files = files
    self.opener = opener
  }

  public var backend: TombBackend { opener.backend }

  /// Whether there is a tomb; a damaged one is one.
  public var exists: Bool { get throws { try files.exists } }

  // MARK: Reading

  /// - Throws: `tomb.no-entry`, `tomb.not-a-consumer`, and what keeps the tomb from being opened.
  public func value(_ name: String, for consumer: String) throws -> SecretValue {
    // Of all times only the newest version is valid at the end of time.
    guard let newest = try versions(name, for: consumer, at: .distantFuture).last else {
      throw Self.noEntry(name)
    }
    return newest.value
  }

  /// The values of an entry that are valid at a time, newest last.
  public func versions(
    _ name: String, for consumer: String, at now: Date
  ) throws -> [(version: TombEntry.Version, value: SecretValue)] {
    let opened = try open()
    guard let entry = opened.entries.entry(name) else { throw Self.noEntry(name) }
    guard entry.consumers.isEmpty || entry.consumers.contains(consumer) else {
      throw ApplianceError(
        .tombNotForYou,
        "\"tomb:\(name)\" is for \(entry.consumers.joined(separator: ", ")), not for \(consumer)",
        hint: "kafclaw tomb set \(name) --consumer \(consumer)")
    }
    let valid = entry.versions.filter { $0.until.map { $0 > now } ?? true }
    return try valid.map { ($0, try opened.entries.value($0, of: entry, opened.current)) }
  }

  /// All entries, by name, without their values.
  public func list() throws -> [TombEntry] {
    try open().entries.entries.sorted { $0.name < $1.name }
  }

  /// Opens every value: what can be read is intact.
  ///
  /// - Returns: How many values there are.
  public func verify() throws -> Int {
    let opened = try open()
    return try opened.entries.verify(opened.current)
  }

  /// What the tomb is now, for `tomb list`, `doctor` and the audit log.
  public func summary() throws -> TombSummary { TombSummary(try open()) }

  static func noEntry(_ name: String) -> ApplianceError {
    ApplianceError(
      .tombNoEntry, "the tomb has no entry \"\(VisibleText.escape(name))\"",
      hint: "kafclaw tomb set \(name); kafclaw tomb list shows what is there")
  }

  func open(isRestored: Bool = false) throws -> TombFiles.Opened {
    try files.open(isRestored: isRestored) { file in
      guard let slot = file.slots.first(where: { $0.kind == opener.backend.slot }) else {
        let kinds = Set(file.slots.map(\.kind.word)).sorted().joined(separator: ", ")
        throw ApplianceError(
          .tombBackend,
          "the declared backend is \(opener.backend.rawValue), and the tomb has slots for: \(kinds)",
          hint: "set tomb.backend in appliance.yaml, or kafclaw tomb recover")
      }
      let kept = slotKey.withLock { $0 }
      if let kept, kept.slot == slot.id + slot.publicKey { return (slot, kept.key) }
      let key = try opener.privateKey(of: slot, tomb: file.id)
      // Another medium or credential may be there by mistake, and the right one later.
      if try slot.isOpened(by: key) { keep(key, of: slot) }
      return (slot, key)
    }
  }

  func keep(_ key: SecretKey, of slot: KeySlot) {
    slotKey.withLock { $0 = (slot.id + slot.publicKey, key) }
  }

  // MARK: Changing

  /// Makes the tomb of this host.
  ///
  /// - Parameter recovery: To whom it is sealed beside this host's own slot.
  public func create(recovery: [Recipient], at now: Date) throws {
    try files.locked { try make(recovery: recovery, at: now) }
  }

  func make(recovery: [Recipient], at now: Date) throws {
    try requireNone()
    try files.requireNoEntries()
    guard recovery.count < KeyFile.slotLimit else {
      throw ApplianceError(
        .tombInvalid, "a tomb has at most \(KeyFile.slotLimit - 1) recovery recipients")
    }
    let id = SecureRandom.bytes(KeyFile.idBytes)
    let (slot, host) = try opener.makeSlot(label: "this host", tomb: id, at: now)
    let root = try SecretKey.random()
    let others = recovery.map {
      KeySlot(.recovery, label: "recovery", publicKey: $0.publicKey, at: now)
    }
    var file = KeyFile(id: id, slots: [slot] + others)
    try file.add(root, at: now)
    var opened = TombFiles.Opened(
      keyFile: file, keys: [TombKeys(epoch: 1, root: root)],
      entries: EntryFile(tomb: id, epoch: 1), host: host)
    try files.writeFirst(&opened)
    keep(host, of: slot)
  }

  /// Runs `body` while nobody changes the tomb's files.
  public func withoutChanges<Value>(_ body: () throws -> Value) throws -> Value {
    try files.locked(body)
  }

  /// To whom the tomb is sealed beside this host.
  public func recoveryRecipients() throws -> [Recipient] {
    try open().keyFile.slots.filter { $0.kind == .recovery }
      .map { Recipient(publicKey: $0.publicKey) }
  }

  /// - Throws: `tomb.exists`.
  public func requireNone() throws {
    guard try !files.exists else {
      throw ApplianceError(
        .tombExists, "there is a tomb on this host already", hint: "kafclaw tomb list")
    }
  }
}
