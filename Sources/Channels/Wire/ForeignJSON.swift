// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// JSON that others wrote and a platform passes on: how deep it is somebody else decides.
enum ForeignJSON {
  /// Levels that are read; nothing that is needed lies deeper.
  static let depth = 40

  /// The same with `null` in the place of whatever lies deeper: one event must not make an answer with
  /// many others unreadable.
  static func shallow(_ bytes: [UInt8]) -> [UInt8] {
    var kept: [UInt8] = []
    var (level, isText, isEscaped) = (0, false, false)
    kept.reserveCapacity(bytes.count)
    for byte in bytes {
      if isText {
        if level <= depth { kept.append(byte) }
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isText = true
        if level <= depth { kept.append(byte) }
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        level += 1
        if level == depth + 1 {
          kept += Array("null".utf8)
        } else if level <= depth {
          kept.append(byte)
        }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if level <= depth { kept.append(byte) }
        level = max(0, level - 1)
      default: if level <= depth { kept.append(byte) }
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
