// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Parts of an address, and the address as it may be shown.
enum AddressText {
  /// What stands before and after the first `mark`; `nil` without one.
  static func cut(
    _ text: some StringProtocol, at mark: String
  ) -> (before: Substring, after: Substring)? {
    let (bytes, mark) = (Array(text.utf8), Array(mark.utf8))
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
      return nil
    }
    return (
      Substring(decoding: bytes[..<start], as: UTF8.self),
      Substring(decoding: bytes[(start + mark.count)...], as: UTF8.self)
    )
  }

  static func isUser(_ text: some StringProtocol) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
      && text.utf8.allSatisfy { AddressBytes.isName($0) || $0 == UInt8(ascii: "+") }
  }

  /// `host`, `host:port`, `[v6]` or `[v6]:port`.
  static func hostAndPort(_ text: String) -> (host: String, port: Int?)? {
    if text.hasPrefix("["), let (inner, rest) = cut(text.dropFirst(), at: "]") {
      let isAddress =
        inner.utf8.contains(UInt8(ascii: ":"))
        && inner.utf8.allSatisfy { AddressBytes.isHexadecimal($0) || ":.".utf8.contains($0) }
      guard isAddress, inner.utf8.count <= 45 else { return nil }
      if rest.isEmpty { return (String(inner), nil) }
      guard rest.hasPrefix(":"), let port = port(rest.dropFirst()) else { return nil }
      return (String(inner), port)
    }
    guard let (host, number) = cut(text, at: ":") else {
      return isHost(text) ? (text, nil) : nil
    }
    guard isHost(host), let port = port(number) else { return nil }
    return (String(host), port)
  }

  static func isHost(_ text: some StringProtocol) -> Bool {
    let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return text.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
          && label.allSatisfy { AddressBytes.isName($0) }
      }
  }

  private static func port(_ text: Substring) -> Int? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(AddressBytes.isDigit) else {
      return nil
    }
    return Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
  }

  /// Whether every `%` begins an escape of a byte that a path may not hold as it is, and that means
  /// nothing to a path.
  static func hasPlainEscapes(_ path: some Sequence<UInt8>) -> Bool {
    var bytes = path.makeIterator()
    while let byte = bytes.next() {
      guard byte == UInt8(ascii: "%") else { continue }
      guard let high = bytes.next(), let low = bytes.next(), AddressBytes.isHexadecimal(high),
        AddressBytes.isHexadecimal(low),
        let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16),
        value >= 0x20, value != 0x7F, !"./\\%?#".utf8.contains(value)
      else { return false }
    }
    return true
  }

  /// A text that was meant as an address, without what could be a secret: user and password, query
  /// and fragment, and a host name that is none.
  static func shown(_ text: String) -> String {
    guard !text.hasPrefix("/") else { return bounded(text) }
    let bytes = text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    let plain = String(decoding: bytes, as: UTF8.self)
    let (scheme, rest) = cut(plain, at: "://").map { ("\($0)://", String($1)) } ?? ("", plain)
    let end = rest.utf8.lastIndex(of: UInt8(ascii: "@"))
    let place = end.map { String(rest.utf8[rest.utf8.index(after: $0)...]) ?? "" } ?? rest
    let mask = end == nil ? "" : "…@"
    let host = place.utf8.prefix { $0 != UInt8(ascii: "/") }
    let isShown = scheme.isEmpty || host.isEmpty || hostAndPort(String(host) ?? "") != nil
    let visible = isShown ? place : "…" + (String(place.utf8.dropFirst(host.count)) ?? "")
    return bounded(scheme + mask + visible)
  }

  private static func bounded(_ text: String) -> String {
    let escaped = VisibleText.escape(text)
    let start = escaped.unicodeScalars.prefix(200)
    return start.endIndex == escaped.endIndex ? escaped : String(start) + "…"
  }
}
