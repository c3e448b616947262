// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Texts of a call as an approver must be able to read them.
enum ExecText {
  /// Whether a text has characters that are not seen, look like a space, or change how others are
  /// shown: what somebody approves would not be what is run (GHSA-pcqg-f7rg-xfvv).
  static func hasDeceptiveCharacters(
    _ text: String, allowing allowed: Set<Unicode.Scalar> = []
  ) -> Bool {
    text.unicodeScalars.contains { !allowed.contains($0) && isDeceptive($0) }
  }

  private static func isDeceptive(_ scalar: Unicode.Scalar) -> Bool {
    if (0x20..<0x7F).contains(scalar.value) { return false }
    if VisibleText.isInvisible(scalar) || scalar.properties.isDefaultIgnorableCodePoint {
      return true
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse,
      .surrogate, .unassigned:
      return true
    default: return scalar.value == 0x2800  // braille without dots
    }
  }
}
