// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import Skills

extension ApplianceError.Code {
  /// A script of a skill that may not be run.
  public static let skillRunRefused = Self("skill.run-refused")
}

/// One run of a skill's script with everything that decides what happens: what is approved is what is run.
public struct ResolvedSkillRun: Sendable, Codable, Equatable {
  public let skill: String
  /// Of all files of the skill.
  public let package: Digest
  /// Path in the package.
  public let script: String
  public let arguments: [String]
  public let input: String?
  public let limits: SkillLimits

  /// - Parameter limits: The operator's; the package's own wishes only lower them.
  /// - Throws: `skill.run-refused`.
  public init(
    _ package: SkillPackage, script: String, arguments: [String], input: String?,
    limits: SkillLimits
  ) throws {
    let manifest = try SkillManifest(of: package)
    let shown = VisibleText.escape(String(script.prefix(200)))
    guard package.scripts.contains(where: { $0.utf8.elementsEqual(script.utf8) }) else {
      throw ApplianceError(
        .skillRunRefused, "skill \(package.header.name) has no script \"\(shown)\"",
        hint: package.scripts.isEmpty
          ? "it has none at all" : "scripts: \(package.scripts.joined(separator: ", "))")
    }
    guard manifest.permits(script) else {
      throw ApplianceError(
        .skillRunRefused, "the manifest of skill \(package.header.name) forbids \"\(shown)\"")
    }
    skill = package.header.name
    self.package = package.digest
    (self.script, self.arguments, self.input) = (script, arguments, input)
    self.limits = limits.capping(manifest.execution)
  }

  /// The digest of the call: any other call, and the same call of a changed skill, has another one.
  ///
  /// - Parameter digest: SHA-256.
  public func callDigest(_ digest: ([UInt8]) -> Digest) throws -> Digest {
    digest(try ApplianceJSON.encode(self))
  }

  /// What an approver is shown.
  var details: [Approval.Detail] {
    var details = [
      Approval.Detail("tool", ToolName.runSkill), Approval.Detail("skill", skill),
      Approval.Detail("skill digest", package.rawValue), Approval.Detail("script", script),
    ]
    details += arguments.enumerated().map { Approval.Detail("argument \($0 + 1)", $1) }
    if let input { details.append(Approval.Detail("input", input)) }
    details.append(Approval.Detail("network", limits.network ? "yes" : "no"))
    details.append(
      Approval.Detail(
        "limits",
        "\(limits.timeout) s, \(limits.memory) bytes of memory, \(limits.processes) processes, "
          + "\(limits.output) bytes of output"))
    return details
  }
}
