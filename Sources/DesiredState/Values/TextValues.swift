// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// An address to listen on: an IPv4 or IPv6 address, or `localhost`.
public struct ListenAddress: Hashable {
  public let text: String

  public init(_ text: String) {
    self.text = text
  }

  /// Whether only this machine can reach it: 127.0.0.0/8, `::1`, `localhost`.
  public var isLoopback: Bool {
    text == "localhost" || text == "::1" || Self.octets(text)?.first == 127
  }

  static func isValid(_ text: String) -> Bool {
    text == "localhost" || octets(text) != nil || isIPv6(text)
  }

  private static func octets(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let octets = parts.compactMap { part in
      part.count <= 3 && (part == "0" || !part.hasPrefix("0")) && !part.hasPrefix("+")
        ? UInt8(part) : nil
    }
    return octets.count == 4 ? octets : nil
  }

  /// RFC 4291 §2.2, without zones and embedded IPv4.
  private static func isIPv6(_ text: String) -> Bool {
    let halves = text.components(separatedByDoubleColon: ())
    guard halves.count <= 2 else { return false }
    let groups = halves.map { half in
      half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false)
    }
    let all = groups.flatMap { $0 }
    let isHexadecimal = all.allSatisfy { group in
      (1...4).contains(group.count)
        && group.utf8.allSatisfy { byte in
          Character(Unicode.Scalar(byte)).isHexDigit
        }
    }
    return isHexadecimal && (halves.count == 2 ? all.count <= 7 : all.count == 8)
  }
}

extension String {
  fileprivate func components(separatedByDoubleColon: Void) -> [Substring] {
    var parts: [Substring] = []
    var rest = self[...]
    while let range = rest.firstRange(of: "::") {
      parts.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return parts + [rest]
  }
}

extension ListenAddress: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> ListenAddress? {
    guard let text = node.text(at: path, into: &decoding, expecting: "an address") else {
      return nil
    }
    guard isValid(text) else {
      decoding.reject(
        node, path, "\(Quoted(text)) is not an address to listen on",
        hint: "write an IPv4 or IPv6 address, or localhost")
      return nil
    }
    return ListenAddress(text)
  }

  package static var schema: [String: JSONValue] { ["type": "string", "minLength": 1] }
  package static var form: String { "IPv4 or IPv6 address, or `localhost`" }
  package var json: JSONValue { .string(text) }
}

/// The immutable id of a sender as its platform gives it, compared byte by byte. Never a name.
public struct SenderID: Hashable, Comparable {
  public let text: String

  public init(_ text: String) {
    self.text = text
  }

  public static func < (one: SenderID, other: SenderID) -> Bool { one.text < other.text }
}

extension SenderID: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> SenderID? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a sender id") else {
      return nil
    }
    let isPlain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
    guard isPlain, (1...255).contains(text.utf8.count) else {
      decoding.reject(
        node, path, "\(Quoted(text)) is not a sender id",
        hint: "use the platform's immutable id, not a display name")
      return nil
    }
    return SenderID(text)
  }

  package static var schema: [String: JSONValue] {
    ["type": "string", "pattern": "^[!-~]{1,255}$"]
  }
  package static var form: String { "sender id" }
  package var json: JSONValue { .string(text) }
}

extension SecretReference: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> SecretReference? {
    if case .scalar(let text, _) = node.content, let reference = SecretReference(text),
      !SecretPattern.matches(text)
    {
      return reference
    }
    decoding.reject(
      node, path, "a secret is a reference, never a value (found \(node.kindName))",
      rule: "secret-literal", hint: "write env:NAME, tomb:name or file:name")
    return nil
  }

  package static var schema: [String: JSONValue] {
    ["type": "string", "pattern": "^(env|tomb|file):[A-Za-z0-9_./-]{1,128}$"]
  }
  package static var form: String { "secret reference: `env:NAME`, `tomb:name`, `file:name`" }
  package var json: JSONValue { .string(description) }
}
