// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Where a secret is kept. Desired state holds references only, never values.
public enum SecretReference: Sendable, Hashable {
  /// A variable of the supervisor's environment, then of the appliance's `env` file, then the tomb's
  /// entry `env/NAME`.
  case environment(String)
  /// An entry of the tomb.
  case tomb(String)
  /// A file handed over by the service manager (systemd credential).
  case file(String)

  /// Reads `env:NAME`, `tomb:NAME` or `file:NAME`; `nil` for anything else.
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let name = String(text[text.index(after: colon)...])
    guard Self.isName(name) else { return nil }
    switch text[..<colon] {
    case "env" where !name.contains("/") && !name.contains("-"): self = .environment(name)
    case "tomb": self = .tomb(name)
    case "file": self = .file(name)
    default: return nil
    }
  }

  private static func isName(_ name: String) -> Bool {
    guard (1...128).contains(name.utf8.count), !name.contains("..") else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "/"):
        true
      default: false
      }
    }
  }
}

extension SecretReference: CustomStringConvertible {
  public var description: String {
    switch self {
    case .environment(let name): "env:\(name)"
    case .tomb(let name): "tomb:\(name)"
    case .file(let name): "file:\(name)"
    }
  }
}

extension SecretReference: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let reference = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a secret reference")
    }
    self = reference
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
