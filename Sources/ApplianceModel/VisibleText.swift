// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Text from outside as people may see it: what would be invisible, or would change how the rest is
/// shown, becomes a number.
public enum VisibleText {
  /// Different texts are shown differently: backslashes that could be taken for those of a number
  /// are doubled.
  public static func escape(_ text: String) -> String {
    let isPlain = !text.unicodeScalars.contains { isInvisible($0) || $0 == "\\" }
    if isPlain { return text }
    var shown = ""
    var backslashes = ""
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar != "\\" else {
        backslashes += "\\"
        continue
      }
      let isNumber = isInvisible(scalar)
      shown += backslashes
      if isNumber || (scalar == "u" && rest.first == "{") { shown += backslashes }
      backslashes = ""
      shown += isNumber ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return shown + backslashes
  }

  /// Control characters, line separators, zero-width and bidirectional controls.
  public static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7F: false
    case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFFE, 0xFFFF:
      true
    default: scalar.properties.isBidiControl
    }
  }
}
