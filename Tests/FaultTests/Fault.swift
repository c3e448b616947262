// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// Classes of file operations, numbered as in `Shim/fault.h`.
struct FileOperations: OptionSet, Hashable, Sendable {
  let rawValue: UInt32

  static let write = Self(rawValue: 1 << 0)
  static let flush = Self(rawValue: 1 << 1)
  static let rename = Self(rawValue: 1 << 2)
  /// Opening with the intent to write.
  static let create = Self(rawValue: 1 << 3)
  static let truncate = Self(rawValue: 1 << 4)
  static let remove = Self(rawValue: 1 << 5)
  static let folder = Self(rawValue: 1 << 6)
  static let mode = Self(rawValue: 1 << 7)
  static let link = Self(rawValue: 1 << 8)
  /// Opening to read.
  static let open = Self(rawValue: 1 << 9)
  static let read = Self(rawValue: 1 << 10)
  /// stat(2) and its relatives.
  static let examine = Self(rawValue: 1 << 11)

  /// Everything that changes a disk.
  static let changes: Self = [
    .write, .flush, .rename, .create, .truncate, .remove, .folder, .mode, .link,
  ]
  /// What needs room on a disk.
  static let growth: Self = [.write, .rename, .create, .folder, .link]
  static let looks: Self = [.open, .read, .examine]

  /// The name of a single operation.
  var name: String {
    let names = [
      "write", "flush", "rename", "create", "truncate", "remove", "folder", "mode", "link", "open",
      "read", "examine",
    ]
    let index = rawValue.trailingZeroBitCount
    return index < names.count ? names[index] : "?"
  }
}

/// What goes wrong with which operations.
struct Fault: Sendable, CustomStringConvertible {
  /// Numbered as in `Shim/fault.h`.
  enum Effect: UInt32, Sendable {
    case none = 0
    case error = 1
    case shortWrite = 2
    case killBefore = 3
    case killAfter = 4
    /// After half of a write.
    case killTorn = 5
  }

  let description: String
  var effect: Effect
  /// What a failed operation leaves in `errno`.
  var error = EIO
  /// Every operation from the target on, not only that one.
  var isLasting = false
  /// Whether a killed process takes all others of the run along.
  var isPowerCut = false
  var operations = FileOperations.changes
  /// A part of the paths that count; empty for all below the home.
  var part = ""

  static let brokenDisk = Self(description: "one EIO", effect: .error)
  static let fullDisk = Self(
    description: "ENOSPC from then on", effect: .error, error: ENOSPC, isLasting: true,
    operations: .growth)
  static let shortWrite = Self(
    description: "half a write, then ENOSPC", effect: .shortWrite, error: ENOSPC, isLasting: true,
    operations: .write)
  static let readOnlyDisk = Self(
    description: "EROFS from then on", effect: .error, error: EROFS, isLasting: true)
  static let powerCut = Self(
    description: "kill -9 of everything", effect: .killBefore, isPowerCut: true)
  static let tornWrite = Self(
    description: "kill -9 of everything in a write", effect: .killTorn, isPowerCut: true,
    operations: .write)
  static let deadProcess = Self(description: "kill -9 of one process", effect: .killBefore)

  /// The same operations, counted only.
  var counting: Fault {
    var copy = self
    copy.effect = .none
    return copy
  }

  /// The same fault, of those operations whose path contains `part`.
  func at(_ part: String) -> Fault {
    var copy = self
    copy.part = part
    return copy
  }
}
