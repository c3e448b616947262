// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// The arguments of a tool call do not fit the tool.
  public static let toolArguments = Self("tool.arguments")
  /// The tool is carried out elsewhere.
  public static let toolElsewhere = Self("tool.elsewhere")
}

/// Something a model can ask for.
public protocol Tool: Sendable {
  var name: String { get }
  /// Whether a call whose outcome is unknown may be repeated.
  var isIdempotent: Bool { get }
  /// What it does, for the model.
  var summary: String { get }
  /// The arguments it takes; anything else is refused.
  var inputs: ToolInputs { get }
  /// Whose text its result brings into the turn; `nil` when it brings none.
  var taint: TaintSource? { get }

  /// - Throws: ``ApplianceError``; its message is shown to the model.
  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String
}

extension Tool {
  /// How much harm it can do. A tool without a tier counts as the most dangerous.
  public var tier: ToolTier { ToolName.tiers[name] ?? .highRisk }

  /// The JSON Schema of its arguments.
  public var parameters: JSONValue { inputs.schema }
}

/// What a tool may reach.
public struct ToolContext: Sendable {
  public let folders: ToolFolders
  /// The only way to the network.
  public let egress: any Egress

  public init(folders: ToolFolders, egress: any Egress) {
    (self.folders, self.egress) = (folders, egress)
  }
}
