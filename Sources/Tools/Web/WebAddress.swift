// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// An `https` or `http` address in one spelling, so that whoever reads it next reads the same.
///
/// A strict part of RFC 3986: ASCII without spaces, controls and backslashes, no user information,
/// no percent-encoding in the host. The fragment is left out.
struct WebAddress: Equatable {
  /// Bytes.
  static let limit = 2_048

  let isSecure: Bool
  let host: HostName
  let port: Int
  /// Path and query; begins with a slash.
  let target: String

  /// - Throws: `egress.refused`, saying what is wrong but not quoting the address.
  init(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.limit else { throw Self.refusal("is over \(Self.limit) bytes") }
    guard bytes.allSatisfy(Self.isAllowed) else {
      throw Self.refusal("has a character that must be percent-encoded")
    }
    guard let (isSecure, start) = Self.scheme(of: bytes) else {
      throw Self.refusal("begins with neither https:// nor http://")
    }
    let rest = bytes[start...]
    let end = rest.firstIndex { [0x2F, 0x3F, 0x23].contains($0) } ?? rest.endIndex  // / ? #
    (host, port) = try Self.authority(rest[..<end], isSecure)
    self.isSecure = isSecure
    let target = String(decoding: rest[end...].prefix { $0 != 0x23 }, as: UTF8.self)
    self.target = target.hasPrefix("/") ? target : "/" + target
  }

  private init(isSecure: Bool, host: HostName, port: Int, target: String) {
    (self.isSecure, self.host, self.port, self.target) = (isSecure, host, port, target)
  }

  var text: String { origin + target }

  /// Scheme, host and, unless it is the usual one, port.
  var origin: String {
    let scheme = isSecure ? "https" : "http"
    return "\(scheme)://\(host.text)" + (port == (isSecure ? 443 : 80) ? "" : ":\(port)")
  }

  /// Where the `Location` of an answer leads (RFC 9110 §10.2.2).
  ///
  /// - Throws: `egress.refused` also for a step from `https` to `http`.
  func following(_ location: String) throws -> WebAddress {
    let path = target.prefix { $0 != "?" }
    let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    let next: WebAddress
    switch location {
    case let text where text.hasPrefix("//"):
      next = try WebAddress((isSecure ? "https:" : "http:") + text)
    case let text where text.hasPrefix("/"): next = try WebAddress(origin + text)
    case let text where text.hasPrefix("?"): next = try WebAddress(origin + path + text)
    case let text where text.prefix(while: { !"/?#".contains($0) }).contains(":"):
      next = try WebAddress(text)
    default: next = try WebAddress(origin + folder + location)
    }
    guard next.isSecure || !isSecure else {
      throw Self.refusal("leads from https to http")
    }
    return next
  }

  /// Printable ASCII without what RFC 3986 has no place for.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && !Array("\"<>\\^`{|}".utf8).contains(byte)
  }

  private static func scheme(of bytes: [UInt8]) -> (isSecure: Bool, length: Int)? {
    let lower = bytes.prefix(8).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    if lower.elementsEqual("https://".utf8) { return (true, 8) }
    return lower.starts(with: "http://".utf8) ? (false, 7) : nil
  }

  private static func authority(
    _ bytes: ArraySlice<UInt8>, _ isSecure: Bool
  ) throws -> (HostName, Int) {
    guard !bytes.contains(UInt8(ascii: "@")) else { throw refusal("has user information") }
    let text = String(decoding: bytes, as: UTF8.self)
    var (name, digits): (Substring, Substring?) = (text[...], nil)
    // The colons of an IPv6 address stand in brackets.
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
      (name, digits) = (text[..<colon], text[text.index(after: colon)...])
    }
    guard let host = HostName(name.lowercased()) else { throw refusal("has no proper host") }
    guard let digits else { return (host, isSecure ? 443 : 80) }
    guard let port = Int(digits), (1...65_535).contains(port), String(port) == digits else {
      throw refusal("has no proper port")
    }
    return (host, port)
  }

  private static func refusal(_ words: String) -> ApplianceError {
    ApplianceError(.egressRefused, "the address \(words)")
  }
}

/// A lower-case host name of letters, digits, hyphens and dots (RFC 1123 §2.1), or an IP address in
/// its one spelling.
struct HostName: Equatable {
  let text: String
  /// When it is an address itself.
  let address: IPAddress?

  init?(_ text: String) {
    self.text = text
    if text.utf8.first == UInt8(ascii: "[") {
      guard text.utf8.last == UInt8(ascii: "]"),
        let address = IPAddress(String(text.dropFirst().dropLast())), address.bytes.count == 16,
        text == "[\(address)]"
      else { return nil }
      self.address = address
      return
    }
    guard (1...253).contains(text.utf8.count) else { return nil }
    let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard let last = labels.last, labels.allSatisfy(Self.isLabel) else { return nil }
    // What ends in a number is an address for inet_aton(3) and browsers, as 127.1 and 0x7f.1.
    guard Self.isNumber(last) else {
      address = nil
      return
    }
    guard let address = IPAddress(text), address.bytes.count == 4, text == "\(address)" else {
      return nil
    }
    self.address = address
  }

  private static func isLabel(_ label: Substring.UTF8View) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
      && label.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || isDigit(byte) || byte == hyphen
      }
  }

  private static func isNumber(_ label: Substring.UTF8View) -> Bool {
    if label.allSatisfy(isDigit) { return true }
    return label.starts(with: "0x".utf8)
      && label.dropFirst(2).allSatisfy { Hexadecimal.isDigit($0) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
