// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Runs the tools of one turn. Whether a call may run was decided before, call by call; the names
/// here are the most the turn may use at all.
public struct ToolExecutor: Sendable {
  private let context: ToolContext
  private let names: Set<String>

  public init(context: ToolContext, names: Set<String>) {
    (self.context, self.names) = (context, names)
  }

  /// Never throws: whatever happens is for the model to read.
  public func run(_ call: ToolCall) async -> ToolResult {
    guard let tool = ToolCatalog.tool(named: call.tool) else {
      let name = VisibleText.escape(String(ToolOutput.beginning(of: call.tool, bytes: 64)))
      return .failure("there is no tool \"\(name)\"")
    }
    guard names.contains(tool.name) else {
      return .failure("\(tool.name) may not be used in this turn")
    }
    do {
      return .success(ToolOutput.bounded(try await tool.run(call.arguments, in: context)))
    } catch let error as ApplianceError {
      return .failure(ToolOutput.bounded(error.message))
    } catch {
      return .failure("\(type(of: error))")
    }
  }
}
