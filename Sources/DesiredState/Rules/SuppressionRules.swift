// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What a suppression must say. Whether its check exists, and may be suppressed, is told by the
/// checks themselves.
enum SuppressionRules {
  static let limit = 64
  private static let identifierLimit = 64
  private static let list = "security.suppressions"

  static func issues(_ suppressions: [SuppressionSpec], _ check: RuleContext) -> [ValidationIssue] {
    var seen: Set<String> = []
    return count(suppressions, check)
      + suppressions.enumerated().flatMap { index, suppression in
        let place = "\(list)[\(index)]"
        return identifier(suppression.check, "\(place).check", &seen, check)
          + words(suppression.reason, "\(place).reason", check)
          + words(suppression.owner, "\(place).owner", check)
      }
  }

  private static func count(
    _ suppressions: [SuppressionSpec], _ check: RuleContext
  ) -> [ValidationIssue] {
    guard suppressions.count > limit else { return [] }
    return [
      check.error(
        list, "range", "there are \(suppressions.count) suppressions; \(limit) are allowed",
        hint: "repair what the checks found")
    ]
  }

  private static func identifier(
    _ text: String, _ place: String, _ seen: inout Set<String>, _ check: RuleContext
  ) -> [ValidationIssue] {
    guard isIdentifier(text) else {
      return [
        check.error(
          place, "check-id", "\(Quoted(text)) is not the id of a check",
          hint: "write it as the checks print it, as in gateway.exposure")
      ]
    }
    guard !seen.insert(text).inserted else { return [] }
    return [
      check.error(place, "suppression-duplicate", "\(Quoted(text)) is already suppressed above")
    ]
  }

  private static func words(
    _ text: String, _ place: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    guard text.allSatisfy(\.isWhitespace) else { return [] }
    return [check.error(place, "blank", "blank text is not allowed")]
  }

  /// `area.what`: an area as names are, then lower-case words with hyphens, dots and slashes.
  private static func isIdentifier(_ text: String) -> Bool {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= identifierLimit,
      ResourceName.isValid(String(parts[0]))
    else { return false }
    let words = parts[1].split(omittingEmptySubsequences: false) { $0 == "." || $0 == "/" }
    return words.allSatisfy { word in
      word.utf8.first.map(isLetterOrDigit) == true
        && word.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
