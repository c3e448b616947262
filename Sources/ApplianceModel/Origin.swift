// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Where an effective value comes from.
public enum Origin: Sendable, Hashable, Codable {
  /// A place in a file of the desired state. Lines and columns count from 1; columns count
  /// characters.
  case file(path: String, line: Int, column: Int)
  /// A variable of the process environment, by name.
  case environment(String)
  /// The documented default.
  case builtIn
}

extension Origin: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let path, let line, let column): "\(path):\(line):\(column)"
    case .environment(let name): "environment variable \(name)"
    case .builtIn: "default"
    }
  }
}
