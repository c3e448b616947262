// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// One step of a change of several entries.
public enum TombEdit: Sendable {
  /// Its only value from now on.
  case set(String, SecretValue, EntryDetails)
  /// Nothing where there is no such entry. One that is set again afterwards has no details of before.
  case remove(String)
}

/// Changes of entries: each is whole, or not at all.
extension TombStore {
  /// Sets an entry: its only value from now on.
  public func set(
    _ name: String, _ value: SecretValue, _ details: EntryDetails = EntryDetails(), at now: Date
  ) throws {
    try apply([.set(name, value, details)], at: now)
  }

  /// Changes several entries at once, in their order: all of them, or none.
  public func apply(_ edits: [TombEdit], at now: Date) throws {
    for case .set(let name, let value, let details) in edits {
      try TombEntry.requireName(name)
      try Self.requireValue(value)
      try Self.requireTime(details.expires)
    }
    try change { entries, keys in
      for edit in edits {
        switch edit {
        case .set(let name, let value, let details):
          try Self.replace(name, value, details, at: now, in: &entries, keys)
        case .remove(let name): _ = entries.remove(name)
        }
      }
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
