// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension TombStore {
  /// Lends every value of every entry, whoever it is for and those of versions that have ended as
  /// far as they are kept: to look for them where they must not be. Nothing is recorded.
  ///
  /// - Throws: What keeps the tomb from being opened; `tomb.changed`; whatever `body` throws.
  public func forEachValue(_ body: (_ name: String, SecretValue) throws -> Void) throws {
    let opened = try open()
    let keys = try opened.current
    for entry in opened.entries.entries {
      for version in entry.versions {
        try body(entry.name, try opened.entries.value(version, of: entry, keys))
      }
    }
  }
}
