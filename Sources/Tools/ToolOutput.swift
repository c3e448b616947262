// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The text a model gets of a tool.
public enum ToolOutput {
  /// Bytes of UTF-8.
  static let limit = 64 << 10

  /// The text, or its beginning and how much of it is missing. The words are for the model; nothing
  /// looks for them.
  public static func bounded(_ text: String) -> String {
    let size = text.utf8.count
    guard size > limit else { return text }
    let kept = beginning(of: text, bytes: limit - 64)
    return "\(kept)\n[\(size - kept.utf8.count) of \(size) bytes are cut off here]"
  }

  /// At most so many bytes of a text, ending between two characters of Unicode.
  static func beginning(of text: String, bytes: Int) -> Substring {
    let utf8 = text.utf8
    guard utf8.count > bytes,
      let end = utf8.index(utf8.startIndex, offsetBy: max(bytes, 0), limitedBy: utf8.endIndex)
    else { return text[...] }
    let boundary = text.unicodeScalars.index(atOrBefore: end)
    return text[..<boundary]
  }
}

extension String.UnicodeScalarView {
  fileprivate func index(atOrBefore position: String.Index) -> String.Index {
    // A position within a scalar is rounded down to its beginning.
    String.Index(position, within: self) ?? indices.last { $0 <= position } ?? startIndex
  }
}
