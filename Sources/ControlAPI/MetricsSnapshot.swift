// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The figures of `/metrics` at one moment.
public struct MetricsSnapshot: Sendable, Codable, Equatable {
  /// How a figure develops.
  public enum Kind: String, Sendable, Codable {
    case counter
    case gauge
  }

  /// One figure with its series.
  public struct Family: Sendable, Codable, Equatable {
    /// Prometheus name; ends in `_total` for a counter.
    public let name: String
    public let kind: Kind
    public let help: String
    public let series: [Series]

    public init(_ name: String, _ kind: Kind, _ help: String, _ series: [Series]) {
      (self.name, self.kind, self.help, self.series) = (name, kind, help, series)
    }
  }

  /// One value, by label; labels come from fixed sets only.
  public struct Series: Sendable, Codable, Equatable {
    public let labels: [String: String]
    public let value: Int

    public init(_ value: Int, _ labels: [String: String] = [:]) {
      (self.value, self.labels) = (value, labels)
    }
  }

  public let families: [Family]

  public init(_ families: [Family]) { self.families = families }

  /// The text format of Prometheus, version 0.0.4.
  public var text: String {
    families.map { family in
      let head =
        "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n"
      return head
        + family.series.map { "\(family.name)\(Self.text($0.labels)) \($0.value)\n" }.joined()
    }.joined()
  }

  private static func text(_ labels: [String: String]) -> String {
    guard !labels.isEmpty else { return "" }
    let pairs = labels.sorted { $0.key < $1.key }.map { key, value in
      // By scalar: a line feed after a carriage return is no character of its own.
      let escaped = value.unicodeScalars.map { scalar in
        switch scalar {
        case "\\": "\\\\"
        case "\"": "\\\""
        case "\n": "\\n"
        default: String(scalar)
        }
      }
      return "\(key)=\"\(escaped.joined())\""
    }
    return "{" + pairs.joined(separator: ",") + "}"
  }
}
