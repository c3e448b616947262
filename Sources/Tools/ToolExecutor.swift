// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What a turn may do: fixed when it begins.
public struct ToolPermissions: Sendable, Equatable {
  public let deny: Set<String>
  /// `nil` allows every tool.
  public let allow: Set<String>?
  /// The highest tier of the turn's sender.
  public let ceiling: ToolTier

  public init(deny: Set<String>, allow: Set<String>?, ceiling: ToolTier) {
    self.deny = deny
    self.allow = allow
    self.ceiling = ceiling
  }

  /// Why a tool must not run, or `nil`. Deny beats allow, allow beats tier.
  func refusal(of tool: any Tool) -> String? {
    if deny.contains(tool.name) { return "\(tool.name) is denied by tools.deny" }
    if let allow, !allow.contains(tool.name) { return "\(tool.name) is not in tools.allow" }
    guard tool.tier <= ceiling else {
      return "\(tool.name) needs tier \(tool.tier.rawValue); this sender has \(ceiling.rawValue)"
    }
    return nil
  }
}

/// The one way to run a tool: permission first.
public struct ToolExecutor: Sendable {
  private let permissions: ToolPermissions
  private let folders: ToolFolders

  public init(permissions: ToolPermissions, folders: ToolFolders) {
    self.permissions = permissions
    self.folders = folders
  }

  /// Never throws: whatever happens is for the model to read.
  public func run(_ call: ToolCall) async -> ToolResult {
    guard let tool = ToolCatalog.tool(named: call.tool) else {
      return .failure("there is no tool \"\(call.tool.prefix(64))\"")
    }
    if let refusal = permissions.refusal(of: tool) { return .failure(refusal) }
    do {
      return .success(try await tool.run(call.arguments, in: folders))
    } catch let error as ApplianceError {
      return .failure(error.message)
    } catch {
      return .failure("\(type(of: error))")
    }
  }
}
