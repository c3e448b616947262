// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// One thing that is wrong or noteworthy in the desired state, with its place.
public struct ValidationIssue: Sendable, Codable, Hashable {
  public enum Severity: String, Sendable, Codable, CaseIterable {
    case error
    case warning
  }

  public let file: String
  /// From 1; 0 where the value does not stand in a file.
  public let line: Int
  /// From 1, in characters; 0 where the value does not stand in a file.
  public let column: Int
  /// The field, as in `channels.web.allow[2]`; empty for the document as a whole.
  public let path: String
  public let severity: Severity
  /// A stable identifier of what was checked.
  public let rule: String
  public let message: String
  public let hint: String?

  public init(
    origin: Origin, path: String, severity: Severity = .error, rule: String, message: String,
    hint: String? = nil
  ) {
    switch origin {
    case .file(let file, let line, let column):
      (self.file, self.line, self.column) = (file, line, column)
    case .environment(let name): (file, line, column) = ("environment:\(name)", 0, 0)
    case .builtIn: (file, line, column) = ("kafclaw.yaml", 0, 0)
    }
    self.path = path
    self.severity = severity
    self.rule = rule
    self.message = message
    self.hint = hint
  }

  static func syntax(_ origin: Origin, _ message: String, hint: String? = nil) -> ValidationIssue {
    ValidationIssue(origin: origin, path: "", rule: "syntax", message: message, hint: hint)
  }
}

extension ValidationIssue: Comparable {
  public static func < (one: ValidationIssue, other: ValidationIssue) -> Bool {
    (one.file, one.line, one.column, one.path, one.rule, one.message)
      < (other.file, other.line, other.column, other.path, other.rule, other.message)
  }
}

extension ValidationIssue: CustomStringConvertible {
  /// `file:line:column: path: message`, the form editors and CI systems link.
  public var description: String {
    let place = line > 0 ? "\(file):\(line):\(column)" : file
    let subject = path.isEmpty ? "" : "\(path): "
    let advice = hint.map { "; \($0)" } ?? ""
    let kind = severity == .warning ? "warning: " : ""
    return "\(place): \(kind)\(subject)\(message)\(advice) [\(rule)]"
  }
}
