// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The difference of two folders of text, in the form that `git apply` takes.
enum UnifiedDiff {
  /// Lines around a change that stay.
  private static let context = 3

  /// Files that are changed or new in `other`; none is removed.
  ///
  /// - Parameter prefix: What stands before each path: empty, or a folder with its slash.
  static func text(from one: SourceTree, to other: SourceTree, prefix: String) -> String {
    let paths = other.files.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let bytes = paths.flatMap { path -> [UInt8] in
      guard let new = other.files[path]?.bytes, new != one.files[path]?.bytes else { return [] }
      return diff(from: one.files[path]?.bytes, to: new, path: prefix + path)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func diff(from old: [UInt8]?, to new: [UInt8], path: String) -> [UInt8] {
    let script = EditScript(from: EditScript.lines(of: old ?? []), to: EditScript.lines(of: new))
    let (from, to) = (DiffPath("a/" + path), DiffPath("b/" + path))
    var header = "diff --git \(from.quoted) \(to.quoted)\n"
    header += old == nil ? "new file mode 100644\n--- /dev/null\n" : "--- \(from.ended)\n"
    header += "+++ \(to.ended)\n"
    return Array(header.utf8) + script.hunks(context: context).flatMap(script.text(of:))
  }
}

/// A path in the header of a difference.
private struct DiffPath {
  /// As git writes it: in quotes, with octal numbers, where it is not plain ASCII.
  let quoted: String

  init(_ path: String) {
    let isPlain = path.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }
    quoted = isPlain ? path : "\"" + path.utf8.map(Self.escaped).joined() + "\""
  }

  /// With the tab that ends a name with spaces.
  var ended: String { quoted.utf8.contains(0x20) ? quoted + "\t" : quoted }

  private static func escaped(_ byte: UInt8) -> String {
    switch byte {
    case 0x22: "\\\""
    case 0x5C: "\\\\"
    case 0x20..<0x7F: String(UnicodeScalar(byte))
    default:
      "\\" + [byte >> 6, byte >> 3 & 7, byte & 7].map { String($0) }.joined()
    }
  }
}
