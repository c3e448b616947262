// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Refuses bytes that are no plain UTF-8 text before a YAML parser sees them: what a reviewer does
/// not see must not take effect.
///
/// Not allowed: invalid UTF-8, a byte order mark, control characters other than tab and line feed,
/// carriage returns without a line feed, and the line and paragraph separators that YAML 1.1 takes
/// for line breaks (U+0085, U+2028, U+2029).
enum TextScan {
  static func firstIssue(in bytes: [UInt8], file: String) -> ValidationIssue? {
    if bytes.allSatisfy(isPlain) { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var (line, column) = (1, 1)
    var followsReturn = false
    while true {
      let place = Origin.file(path: file, line: line, column: column)
      switch decoder.decode(&iterator) {
      case .emptyInput: return followsReturn ? loneReturn(place) : nil
      case .error: return .syntax(place, "the file is not valid UTF-8")
      case .scalarValue(let scalar):
        if followsReturn && scalar != "\n" { return loneReturn(place) }
        followsReturn = scalar == "\r"
        if let problem = problem(with: scalar) { return .syntax(place, problem) }
        (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
      }
    }
  }

  /// Allowed wherever it stands, whatever stands around it; most files hold nothing else.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) || byte == 0x0A || byte == 0x09
  }

  private static func problem(with scalar: Unicode.Scalar) -> String? {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: nil
    case 0..<0x20, 0x7F...0x9F:
      "control character U+\(hexadecimal(scalar)) is not allowed"
    case 0xFEFF: "a byte order mark is not allowed"
    case 0xFFFE, 0xFFFF: "U+\(hexadecimal(scalar)) is no character"
    case 0x2028, 0x2029: "line separator U+\(hexadecimal(scalar)) is not allowed"
    default: nil
    }
  }

  private static func loneReturn(_ place: Origin) -> ValidationIssue {
    .syntax(place, "a carriage return without a line feed is not allowed")
  }

  private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
