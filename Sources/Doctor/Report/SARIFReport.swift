// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import FoundationEssentials

/// What checks found, for tools that collect findings: SARIF 2.1.0 (OASIS, Static Analysis Results
/// Interchange Format). The subject is a host, so no result has a place in a file.
public enum SARIFReport {
  public static func render(_ examination: Examination) -> JSONValue {
    [
      "version": "2.1.0",
      "$schema":
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
      "runs": [run(examination)],
    ]
  }

  private static func run(_ examination: Examination) -> JSONValue {
    [
      "tool": ["driver": driver(examination)],
      "invocations": [invocation(examination)],
      "results": .array(
        examination.checks.enumerated().map { index, check in result(check, rule: index) }),
    ]
  }

  private static func driver(_ examination: Examination) -> JSONValue {
    [
      "name": "kafclaw", "version": .string(ApplianceVersion.current),
      "semanticVersion": .string(ApplianceVersion.current),
      "rules": .array(examination.checks.map(rule)),
    ]
  }

  /// Whether everything could be looked at, and what could not (§3.20).
  private static func invocation(_ examination: Examination) -> JSONValue {
    let unknowns = examination.checks.filter { $0.status == .unknown }
    return [
      "executionSuccessful": .bool(unknowns.isEmpty),
      "endTimeUtc": .string(examination.checkedAt.formatted(.iso8601)),
      "toolExecutionNotifications": .array(
        unknowns.map { check in
          [
            "level": "warning", "message": message(check),
            "associatedRule": ["id": .string(check.id)],
          ]
        }),
    ]
  }

  private static func rule(_ check: CheckResult) -> JSONValue {
    let general = Checks.all.first { $0.id == check.id }
    // Services take a score for one of security only with this tag; each stands once.
    let tags = Set(["security", general?.group.rawValue].compactMap { $0 })
    let help = "\(general?.remedy ?? check.remedy) (\(check.reference))"
    return [
      "id": .string(check.id),
      "shortDescription": ["text": text(check.title)], "help": ["text": text(help)],
      "defaultConfiguration": ["level": level(.fail, check.severity)],
      "properties": [
        "security-severity": .string(score(check.severity)),
        "tags": .array(tags.sorted().map { .string($0) }),
      ],
    ]
  }

  private static func result(_ check: CheckResult, rule: Int) -> JSONValue {
    var result: [String: JSONValue] = [
      "ruleId": .string(check.id), "ruleIndex": .integer(Int64(rule)),
      "kind": kind(check), "level": level(check.status, check.severity), "message": message(check),
      "partialFingerprints": ["check/v1": .string(check.id)],
    ]
    if let suppressed = check.suppressed { result["suppressions"] = [suppression(suppressed)] }
    return .object(result)
  }

  private static func suppression(_ suppressed: CheckResult.Suppressed) -> JSONValue {
    [
      "kind": "external", "status": "accepted", "justification": .string(suppressed.reason),
      "properties": [
        "owner": .string(suppressed.owner),
        "expires": .string(suppressed.expires.formatted(.iso8601)),
      ],
    ]
  }

  private static func message(_ check: CheckResult) -> JSONValue {
    let remedy = check.status == .pass || check.remedy.isEmpty ? "" : "; remedy: \(check.remedy)"
    return ["text": text(check.evidence + remedy)]
  }

  /// Nothing in it is a placeholder (§3.11.5) or a link (§3.11.6).
  private static func text(_ text: String) -> JSONValue {
    .string(
      VisibleText.escape(text).replacing("{", with: "{{").replacing("}", with: "}}")
        .replacing("](", with: "] ("))
  }

  /// §3.27.9: `open` is what there was too little to decide.
  private static func kind(_ check: CheckResult) -> JSONValue {
    switch check.status {
    case .pass: check.applies ? "pass" : "notApplicable"
    case .warn, .fail: "fail"
    case .unknown: "open"
    }
  }

  /// §3.27.10: `none` for every kind but `fail`.
  private static func level(_ status: Verdict.Status, _ severity: Severity) -> JSONValue {
    switch status {
    case .pass, .unknown: "none"
    case .warn: "warning"
    case .fail: severity >= .high ? "error" : "warning"
    }
  }

  /// On the scale of CVSS, which services sort by.
  private static func score(_ severity: Severity) -> String {
    switch severity {
    case .low: "3.0"
    case .medium: "5.5"
    case .high: "8.0"
    case .critical: "9.5"
    }
  }
}
