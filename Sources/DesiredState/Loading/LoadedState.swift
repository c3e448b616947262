// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// A desired state that passed every check, with the origin of each value.
public struct LoadedState: Sendable, Codable, Equatable {
  /// Files of the repository's `workspace/` folder, by path inside the agent's workspace.
  public let workspace: [String: SourceTree.File]
  /// Files of the repository's `skills/` folder, by path inside it.
  public let skills: [String: SourceTree.File]
  /// Where each value that was set comes from, by field path.
  public let provenance: [String: Origin]
  public let spec: ApplianceSpec
  /// The values of `spec` with all defaults: many read them, and making them takes its time.
  public let effective: JSONValue
  public let warnings: [ValidationIssue]

  init(
    spec: ApplianceSpec, provenance: [String: Origin], workspace: [String: SourceTree.File],
    skills: [String: SourceTree.File], warnings: [ValidationIssue]
  ) {
    (self.spec, self.provenance) = (spec, provenance)
    effective = spec.effective
    (self.workspace, self.skills, self.warnings) = (workspace, skills, warnings)
  }

  /// The origin of a field, `nil` where the path names no field that exists.
  public func origin(of path: String) -> (value: JSONValue, origin: Origin)? {
    var value: JSONValue? = effective
    for part in path.split(separator: ".") { value = value?[String(part)] }
    return value.map { ($0, provenance[path] ?? .builtIn) }
  }

  /// The same with more warnings.
  public func warning(of issues: [ValidationIssue]) -> LoadedState {
    guard !issues.isEmpty else { return self }
    return LoadedState(
      spec: spec, provenance: provenance, workspace: workspace, skills: skills,
      warnings: (warnings + issues).sorted())
  }

  /// Values that no mechanism reads yet; `apply` refuses them.
  public var pending: [ValidationIssue] {
    warnings.filter { $0.rule == PendingMechanism.rule }
  }

  private enum CodingKeys: String, CodingKey {
    case spec, provenance, workspace, skills, warnings
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    spec = try ApplianceSpec(effective: container.decode(JSONValue.self, forKey: .spec))
    effective = spec.effective
    provenance = try container.decode([String: Origin].self, forKey: .provenance)
    workspace = try container.decode([String: SourceTree.File].self, forKey: .workspace)
    // A bundle that was written before there were any has none.
    skills =
      try container.decodeIfPresent([String: SourceTree.File].self, forKey: .skills) ?? [:]
    warnings = try container.decode([ValidationIssue].self, forKey: .warnings)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(effective, forKey: .spec)
    try container.encode(provenance, forKey: .provenance)
    try container.encode(workspace, forKey: .workspace)
    try container.encode(skills, forKey: .skills)
    try container.encode(warnings, forKey: .warnings)
  }
}

/// The result of reading a desired-state folder.
public enum LoadOutcome: Sendable, Codable {
  case valid(LoadedState)
  /// Sorted by place; at least one is an error.
  case invalid([ValidationIssue])
}
