// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The variables that override single fields, each with exactly this name.
///
/// Holds no secret: of the token variable only its presence is kept. A variable that is set but
/// empty counts as absent, so that an unset secret in a service file cannot blank a setting.
public struct EnvironmentOverrides: Sendable, Codable, Equatable {
  /// Variable and field.
  package static let names: [(variable: String, path: [String])] = [
    ("KAFCLAW_GATEWAY_HOST", ["gateway", "host"]),
    ("KAFCLAW_GATEWAY_PORT", ["gateway", "port"]),
    ("KAFCLAW_GATEWAY_DASHBOARD_PORT", ["gateway", "dashboardPort"]),
    (tokenVariable, ["gateway", "auth", "token"]),
    ("KAFCLAW_AGENT_PROVIDER", ["agent", "provider"]),
    ("KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE", ["tools", "exec", "restrictWorkspace"]),
  ]

  static let tokenVariable = "KAFCLAW_GATEWAY_AUTH_TOKEN"

  /// The names of the variables.
  public static var variables: [String] { names.map(\.variable) }

  public static let none = EnvironmentOverrides(environment: [:])

  private let values: [String: String]

  public init(environment: [String: String]) {
    var values: [String: String] = [:]
    for (variable, _) in Self.names {
      guard let value = environment[variable], !value.isEmpty else { continue }
      values[variable] = variable == Self.tokenVariable ? "env:\(variable)" : value
    }
    self.values = values
  }

  /// One document with the overridden fields, each with its variable as origin.
  var document: DocumentNode {
    var merge = DocumentMerge()
    var root = DocumentNode(.mapping([]), origin: .builtIn)
    for (variable, path) in Self.names {
      guard let value = values[variable] else { continue }
      root = merge.merge(
        [node(value, variable, path[...])], over: root, mode: .overlay)
    }
    return root
  }

  private func node(_ value: String, _ variable: String, _ path: ArraySlice<String>)
    -> DocumentNode
  {
    let origin = Origin.environment(variable)
    guard let key = path.first else {
      return DocumentNode(.scalar(text: value, isPlain: true), origin: origin)
    }
    let inner = node(value, variable, path.dropFirst())
    return DocumentNode(.mapping([.init(key: key, origin: origin, value: inner)]), origin: origin)
  }
}
