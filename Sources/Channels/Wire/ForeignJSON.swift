// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// JSON that others wrote and a platform passes on: how deep it is somebody else decides.
enum ForeignJSON {
  /// Levels that are read; nothing that is needed lies deeper.
  static let depth = 40

  /// The same with `null` in the place of whatever lies deeper: one event must not make an answer with
  /// many others unreadable.
  static func shallow(_ bytes: [UInt8]) -> [UInt8] {
    var kept: [UInt8] = []
    var nesting = JSONNesting()
    kept.reserveCapacity(bytes.count)
    for byte in bytes {
      let (level, begins) = nesting.take(byte)
      if level <= depth {
        kept.append(byte)
      } else if begins, level == depth + 1 {
        kept += Array("null".utf8)
      }
    }
    return kept
  }
}

extension String {
  /// By bytes: a sign of several scalars must not hide what a platform reads scalar by scalar.
  func replacingBytes(_ old: String, with new: String) -> String {
    String(
      decoding: Array(utf8).replacing(Array(old.utf8), with: Array(new.utf8)), as: UTF8.self)
  }
}
