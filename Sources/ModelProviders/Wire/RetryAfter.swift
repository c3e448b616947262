// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// How long a server wants to be left alone: `retry-after-ms`, else `Retry-After` in seconds or as
/// a date (RFC 9110 §10.2.3).
enum RetryAfter {
  /// Longer waits are no waits for a conversation.
  private static let limit = 86_400.0

  static func duration(milliseconds: String?, standard: String?, now: Date) -> Duration? {
    if let number = milliseconds.flatMap(number) { return duration(number / 1_000) }
    guard let standard else { return nil }
    if let number = number(standard) { return duration(number) }
    return date(standard).map { duration($0.timeIntervalSince(now)) }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The one form of a date that servers still make (RFC 9110 §5.6.7, IMF-fixdate), as in
  /// `Sun, 06 Nov 1994 08:49:37 GMT`.
  private static func date(_ text: String) -> Date? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT",
      let month = months.firstIndex(where: { $0 == parts[2] })
    else { return nil }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    // `try?`: a header that is no date says nothing.
    return try? Date("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z", strategy: .iso8601)
  }

  private static func number(_ text: String) -> Double? {
    guard text.utf8.count <= 20, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E })
    else { return nil }
    return Double(text)
  }

  private static func duration(_ seconds: Double) -> Duration {
    .milliseconds(Int(min(max(0, seconds), limit) * 1_000))
  }
}
