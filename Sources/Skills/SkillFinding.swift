// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Something in a skill that somebody should know before trusting it.
public struct SkillFinding: Sendable, Codable, Equatable {
  public enum Severity: String, Sendable, Codable {
    /// A person may pass over it.
    case warning
    /// Nobody may.
    case critical
  }

  /// Stable name of the kind.
  public let code: String
  public let severity: Severity
  /// Path in the package.
  public let file: String
  /// From 1; 0 for the file as a whole.
  public let line: Int
  public let message: String

  public init(
    _ code: String, _ severity: Severity, _ file: String, line: Int = 0, _ message: String
  ) {
    (self.code, self.severity, self.file) = (code, severity, file)
    (self.line, self.message) = (line, message)
  }
}

/// What an examination of a skill found.
public struct SkillReport: Sendable, Codable, Equatable {
  public var formatVersion = 1
  public let name: String
  public let digest: Digest
  public let files: Int
  /// Bytes.
  public let size: Int
  /// Critical ones first.
  public let findings: [SkillFinding]

  public var isCritical: Bool { findings.contains { $0.severity == .critical } }

  public init(_ package: SkillPackage, expected name: String?) {
    self.name = package.header.name
    digest = package.digest
    files = package.files.count
    size = package.files.values.reduce(0) { $0 + $1.bytes.count }
    let found = SkillScan.findings(in: package, expected: name)
    findings = found.filter { $0.severity == .critical } + found.filter { $0.severity != .critical }
  }

  /// - Throws: `skill.refused` for critical findings, and for others unless somebody accepts them.
  public func requireAcceptable(acceptingWarnings: Bool) throws {
    if let worst = findings.first, isCritical || !acceptingWarnings {
      throw ApplianceError(
        .skillRefused,
        "\(name) has \(findings.count) findings, such as \(worst.code) in \(worst.file)",
        hint: isCritical
          ? "kafclaw skills verify lists them; critical ones cannot be accepted"
          : "read them (kafclaw skills verify), then --approve-warnings")
    }
  }
}
