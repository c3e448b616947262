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

  private func keep(_ key: SecretKey, of slot: KeySlot) {
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

  /// Sets an entry: its only value from now on.
  public func set(
    _ name: String, _ value: SecretValue, _ details: EntryDetails = EntryDetails(), at now: Date
  ) throws {
    try TombEntry.requireName(name)
    try Self.requireValue(value)
    try Self.requireTime(details.expires)
    try change { entries, keys in
      try Self.replace(name, value, details, at: now, in: &entries, keys)
    }
  }

  private static func replace(
    _ name: String, _ value: SecretValue, _ details: EntryDetails, at now: Date,
    in entries: inout EntryFile, _ keys: TombKeys
  ) throws {
    let old = entries.entry(name)
    var entry =
      old
      ?? TombEntry(
        name: name, created: now, expires: nil, purpose: nil, consumers: [], versions: [])
    details.apply(to: &entry)
    let number = (old?.versions.last?.number ?? entries.retired[name] ?? 0) + 1
    entry.add(number, at: now, until: now)
    try entries.replace(entry, with: [value], keys)
  }

  /// Names that the program keeps for itself begin with this.
  public static let ownPrefix = "kafclaw/"

  /// Replaces an entry by what `body` makes of its newest value, with nobody in between.
  ///
  /// - Parameter body: Gets `nil` where there is no such entry.
  public func update<Value>(
    _ name: String, _ details: EntryDetails, at now: Date,
    _ body: (SecretValue?) throws -> (SecretValue, Value)
  ) throws -> Value {
    var result: Value?
    try change { entries, keys in
      let present = try entries.entry(name).flatMap { entry in
        try entry.versions.last.map { try entries.value($0, of: entry, keys) }
      }
      let (value, made) = try body(present)
      try Self.requireValue(value)
      try Self.replace(name, value, details, at: now, in: &entries, keys)
      result = made
    }
    guard let result else { throw ApplianceError(.inconsistent, "the tomb was not changed") }
    return result
  }

  /// Gives an entry a new value; the one before stays valid for `overlap`.
  ///
  /// - Throws: `tomb.no-entry`.
  public func rotate(
    _ name: String, to value: SecretValue, overlap: Duration, expires: Date? = nil, at now: Date
  ) throws {
    try Self.requireValue(value)
    let end = now.addingTimeInterval(TimeInterval(overlap.components.seconds))
    try Self.requireTime(end)
    try Self.requireTime(expires)
    try change { entries, keys in
      guard var entry = entries.entry(name) else { throw Self.noEntry(name) }
      let old = entry
      entry.add((entry.versions.last?.number ?? 0) + 1, at: now, until: end)
      if let expires { entry.expires = expires }
      guard entry.versions.count <= TombEntry.versionLimit else {
        throw ApplianceError(
          .tombInvalid, "\"tomb:\(name)\" has \(old.versions.count) valid versions",
          hint: "wait for one to end, or kafclaw tomb set \(name) to end them all")
      }
      let kept = try entry.versions.dropLast().map { try entries.value($0, of: old, keys) }
      try entries.replace(entry, with: kept + [value], keys)
    }
  }

  /// - Throws: `tomb.no-entry`.
  public func remove(_ name: String) throws {
    try change { entries, _ in
      guard entries.remove(name) != nil else { throw Self.noEntry(name) }
    }
  }

  /// Seals everything under a new root key; the slot of the backend `local` is made anew, too, so
  /// that a copy of the old tomb.rr opens nothing any more. A rotation that was cut off is finished
  /// by the next change.
  public func rotateKey(at now: Date) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      if opener.backend == .local { try renewHostSlot(&opened, at: now) }
      try beginRotation(&opened, at: now)
      try finishRotation(&opened)
    }
  }

  /// Lets another recovery key open the tomb.
  public func add(_ recipient: Recipient, label: String, at now: Date) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      try opened.add(KeySlot(.recovery, label: label, publicKey: recipient.publicKey, at: now))
      try files.write(&opened)
    }
  }

  /// Takes a recovery key away; since it has opened the root key, that is made anew.
  public func removeSlot(_ id: String, at now: Date) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      let slots = opened.keyFile.slots
      guard let index = slots.firstIndex(where: { Hexadecimal.encode($0.id) == id }),
        slots[index].kind == .recovery
      else {
        throw ApplianceError(
          .tombNoEntry, "\"\(VisibleText.escape(id))\" is no recovery slot",
          hint: "kafclaw tomb list shows the slots; the one of this host stays")
      }
      opened.removeSlot(at: index)
      try beginRotation(&opened, at: now)
      try finishRotation(&opened)
    }
  }

  private func change(_ body: (inout EntryFile, TombKeys) throws -> Void) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      var entries = opened.entries
      let keys = try opened.current
      try body(&entries, keys)
      try files.write(entries, of: opened, under: keys)
    }
  }

  /// Puts a new slot of the declared backend in the place of this host's.
  func renewHostSlot(_ opened: inout TombFiles.Opened, at now: Date) throws {
    let (slot, host) = try opener.makeSlot(label: "this host", tomb: opened.keyFile.id, at: now)
    while let index = opened.keyFile.slots.firstIndex(where: { $0.kind != .recovery }) {
      opened.removeSlot(at: index)
    }
    try opened.add(slot)
    opened.host = host
    keep(host, of: slot)
  }

  func beginRotation(_ opened: inout TombFiles.Opened, at now: Date) throws {
    let root = try SecretKey.random()
    try opened.keyFile.add(root, at: now)
    opened.keys.append(TombKeys(epoch: opened.keyFile.epochs.last?.number ?? 0, root: root))
    try files.write(&opened)
  }

  func finishRotation(_ opened: inout TombFiles.Opened) throws {
    guard opened.keyFile.epochs.count > 1 else { return }
    let (old, new) = (try opened.current, try opened.newest)
    if old.epoch != new.epoch {
      let resealed = try opened.entries.resealed(from: old, under: new)
      opened.entries = try files.write(resealed, of: opened, under: new)
    }
    opened.keyFile.epochs.removeAll { $0.number != new.epoch }
    opened.keys.removeAll { $0.epoch != new.epoch }
    try files.write(&opened)
  }

  private static func requireTime(_ time: Date?) throws {
    guard let time, !TombEntry.times.contains(time) else { return }
    throw ApplianceError(.tombInvalid, "a time of an entry is before 1970 or after 9999")
  }

  private static func requireValue(_ value: SecretValue) throws {
    guard (1...TombEntry.valueLimit).contains(value.count) else {
      throw ApplianceError(
        .tombInvalid, "a value of \(value.count) bytes cannot be kept",
        hint: "1 to \(TombEntry.valueLimit) bytes, from standard input")
    }
  }
}
