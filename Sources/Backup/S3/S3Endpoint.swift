// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Where an S3-compatible store answers: `https://HOST:PORT`. Buckets are part of the path there.
///
/// TLS may be left out on the loopback only: keys of the store would not be seen by others, but what
/// a repository is named and when it is written would.
public struct S3Endpoint: Sendable, Equatable {
  public let isSecure: Bool
  /// Lower case; an address of IPv6 without its brackets.
  public let host: String
  /// `nil` for that of the scheme.
  public let port: Int?

  /// - Throws: `model.malformed`.
  init(_ text: String) throws {
    let shown = VisibleText.escape(text)
    let isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else {
      throw S3Address.malformed("endpoint \"\(shown)\" does not begin with https://")
    }
    var rest = text.dropFirst(isSecure ? 8 : 7)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    guard let (host, port) = Self.split(rest.lowercased()) else {
      throw S3Address.malformed("endpoint \"\(shown)\" is not a host and a port")
    }
    guard isSecure || Self.isLoopback(host) else {
      throw S3Address.malformed(
        "endpoint \"\(shown)\" is not encrypted", "use https://; http:// is for the loopback only")
    }
    (self.isSecure, self.host) = (isSecure, host)
    self.port = port == (isSecure ? 443 : 80) ? nil : port
  }

  /// Host and port as a URL has them.
  var authority: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return port.map { "\(host):\($0)" } ?? host
  }

  var text: String { (isSecure ? "https://" : "http://") + authority }

  private static func split(_ text: String) -> (host: String, port: Int?)? {
    var host = text[...]
    var digits: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      digits = rest.isEmpty ? nil : rest.dropFirst()
      guard isAddress6(host) else { return nil }
    } else {
      if let colon = text.firstIndex(of: ":") {
        (host, digits) = (text[..<colon], text[text.index(after: colon)...])
      }
      guard isName(host) else { return nil }
    }
    guard let digits else { return (String(host), nil) }
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
      (1...65_535).contains(port)
    else { return nil }
    return (String(host), port)
  }

  /// Labels of a name (RFC 1123, 2.1), or an address of IPv4.
  private static func isName(_ host: Substring) -> Bool {
    host.utf8.count <= 253
      && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
          && label.utf8.allSatisfy {
            S3Address.isLowerOrDigit($0) || $0 == UInt8(ascii: "-")
          }
      }
  }

  /// What cannot be an address after all is refused by whoever connects.
  private static func isAddress6(_ host: Substring) -> Bool {
    (2...45).contains(host.utf8.count) && host.contains(":")
      && host.utf8.allSatisfy { Hexadecimal.isDigit($0) || ":.".utf8.contains($0) }
  }

  private static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}

/// Names that a bucket may have (S3 User Guide, "General purpose buckets naming rules").
enum BucketName {
  private static let prefixes = ["xn--", "sthree-", "amzn-s3-demo-"]
  /// Of access points, and of buckets of other kinds, which order what they list otherwise.
  private static let suffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]

  /// What is wrong with a name; `nil` for a good one.
  static func problem(_ name: Substring) -> String? {
    guard (3...63).contains(name.utf8.count) else { return "it has not 3 to 63 characters" }
    let isPlain = name.utf8.allSatisfy {
      S3Address.isLowerOrDigit($0) || ".-".utf8.contains($0)
    }
    guard isPlain else { return "only a-z, 0-9, dots and hyphens can stand in it" }
    guard let first = name.utf8.first, let last = name.utf8.last, S3Address.isLowerOrDigit(first),
      S3Address.isLowerOrDigit(last)
    else { return "it begins or ends with a dot or a hyphen" }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    if labels.contains("") { return "it has two dots in a row" }
    if labels.count == 4, labels.allSatisfy({ UInt64($0) != nil }) {
      return "it looks like an address of IPv4"
    }
    let reserved = prefixes.filter(name.hasPrefix) + suffixes.filter(name.hasSuffix)
    return reserved.first.map { "\"\($0)\" is reserved" }
  }
}
