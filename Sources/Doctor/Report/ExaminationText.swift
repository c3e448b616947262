// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// What checks found, for people on a terminal: one line a check, and what there is to say of those
/// that count below it.
public enum ExaminationText {
  public static func render(_ examination: Examination, colour: Bool = false) -> String {
    let width = examination.checks.map(\.id.count).max() ?? 0
    let lines = examination.checks.flatMap { check in
      [painted(head(check, width), check, colour)] + details(check)
    }
    return (lines + (lines.isEmpty ? [] : [""]) + [verdict(examination)])
      .joined(separator: "\n") + "\n"
  }

  /// `Checks: 12 ok, 3 not applicable, 1 warning, 2 failed, 1 unknown, 1 suppressed.`
  public static func verdict(_ examination: Examination) -> String {
    let checks = examination.checks
    let counts = [
      (checks.count { $0.status == .pass && $0.applies }, "ok"),
      (checks.count { !$0.applies }, "not applicable"),
      (examination.warnings.count, examination.warnings.count == 1 ? "warning" : "warnings"),
      (examination.failures.count, "failed"),
      (examination.unknowns.count, "unknown"),
      (checks.count { $0.suppressed != nil }, "suppressed"),
    ]
    let told = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return told.isEmpty ? "Checks: none." : "Checks: \(told.joined(separator: ", "))."
  }

  private static func head(_ check: CheckResult, _ width: Int) -> String {
    let padding = String(repeating: " ", count: max(0, width - check.id.count))
    let mark =
      check.suppressed.map { suppressed in
        "  (suppressed until \(suppressed.expires.formatted(.iso8601)) by \(suppressed.owner): "
          + "\(suppressed.reason))"
      } ?? ""
    return VisibleText.escape("\(word(check))  \(check.id)\(padding)  \(check.title)\(mark)")
  }

  private static func details(_ check: CheckResult) -> [String] {
    guard check.counts else { return [] }
    let severity = "\(check.severity.rawValue), \(check.reference)"
    return [check.evidence, "remedy: \(check.remedy)", severity].filter { !$0.isEmpty }
      .map { "      \(VisibleText.escape($0))" }
  }

  private static func word(_ check: CheckResult) -> String {
    switch check.status {
    case .pass: check.applies ? "ok  " : "n/a "
    case .warn: "warn"
    case .fail: "FAIL"
    case .unknown: "????"
    }
  }

  private static func painted(_ line: String, _ check: CheckResult, _ colour: Bool) -> String {
    guard colour else { return line }
    let code: Int
    switch check.status {
    case _ where check.suppressed != nil || !check.applies: code = 2
    case .pass: code = 32
    case .warn: code = 33
    case .fail, .unknown: code = 31
    }
    return "\u{1B}[\(code)m\(line)\u{1B}[0m"
  }
}
