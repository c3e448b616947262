// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The root of a provider's API. Fewer forms are accepted than RFC 3986 has, so that every reader
/// of the address sees the same host.
struct ProviderAddress: Equatable {
  let isSecure: Bool
  let host: String
  /// Without a slash at its end.
  let root: String

  /// - Throws: `provider.address-invalid`.
  init(_ text: String, provider: String) throws {
    func invalid(_ reason: String) -> ApplianceError {
      // The address is not quoted: it may hold a password.
      ApplianceError(
        .providerAddress, "baseURL of provider \"\(provider)\" \(reason)",
        hint: "as in https://api.example.com/v1")
    }
    var rest = text[...]
    switch true {
    case rest.hasPrefix("https://"): isSecure = true
    case rest.hasPrefix("http://"): isSecure = false
    default: throw invalid("starts with neither https:// nor http://")
    }
    rest = rest.dropFirst(isSecure ? 8 : 7)
    guard text.utf8.count <= 1_024, text.utf8.allSatisfy(Self.isPlain) else {
      throw invalid("has a user, a query, a fragment, or signs that addresses do not have")
    }
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    guard let (host, port) = Self.parts(of: authority) else { throw invalid("has no valid host") }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !segments.contains(where: { $0 == "." || $0 == ".." }), !path.contains("//") else {
      throw invalid("has a path that is not plain")
    }
    self.host = host
    let end = path.hasSuffix("/") ? path.dropLast() : path
    root = (isSecure ? "https://" : "http://") + host + (port.map { ":\($0)" } ?? "") + end
  }

  /// Letters, digits and `-._~:/[]`.
  private static func isPlain(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "-._~:/[]".utf8.contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  private static func parts(of authority: Substring) -> (host: String, port: Int?)? {
    let host: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[...end]
      guard host.dropFirst().dropLast().allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }),
        host.count > 4
      else { return nil }
    } else {
      host = authority.prefix { $0 != ":" }
      let isName = host.utf8.allSatisfy {
        isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
      }
      guard !host.isEmpty, isName, host.first != ".", host.first != "-" else { return nil }
    }
    let rest = authority.dropFirst(host.count)
    guard !rest.isEmpty else { return (host.lowercased(), nil) }
    let digits = rest.dropFirst()
    guard rest.first == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = Int(digits), (1...65_535).contains(port)
    else { return nil }
    return (host.lowercased(), port)
  }

  /// `localhost` (RFC 6761 §6.3), 127.0.0.0/8 in four whole numbers, and `[::1]`.
  var isLoopback: Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers[0] == "127"
      && numbers.allSatisfy { text in
        text == "0" || (!text.hasPrefix("0") && UInt8(text) != nil && !text.hasPrefix("+"))
      }
  }
}
