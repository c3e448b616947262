// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// A TCP address that probes connect to: numeric, so that nothing is looked up.
struct ProbeAddress: Sendable, Equatable, CustomStringConvertible {
  let host: String
  let port: UInt16

  init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

  /// Reads `http://HOST:PORT`, where an IPv6 address stands in brackets.
  ///
  /// - Throws: `probe.failed` for anything else.
  init(url: String) throws {
    let scheme = "http://"
    let authority = url.dropFirst(scheme.count).prefix { $0 != "/" }
    guard url.hasPrefix(scheme), let colon = authority.lastIndex(of: ":"),
      let port = UInt16(authority[authority.index(after: colon)...])
    else { throw Self.unusable(url) }
    var host = authority[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    self.init(host: host == "localhost" ? "127.0.0.1" : String(host), port: port)
    guard withSocketAddress({ _ in true }) != nil else { throw Self.unusable(url) }
  }

  /// Another port of the same host.
  func with(port: UInt16) -> ProbeAddress { ProbeAddress(host: host, port: port) }

  /// As it stands in a `Host` field.
  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Lends the address as the kernel wants it; `nil` when the host is no number.
  func withSocketAddress<Value>(
    _ body: (addrinfo) throws -> Value
  ) rethrows -> Value? {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else { return nil }
    defer { freeaddrinfo(found) }
    return try body(found.pointee)
  }

  private static func unusable(_ url: String) -> ApplianceError {
    ApplianceError(
      .probeFailed, "\"\(VisibleText.escape(url))\" is no address that can be probed",
      hint: "gateway.host is a numeric address")
  }
}

extension ApplianceError.Code {
  /// A probe could not be carried out.
  static let probeFailed = Self("probe.failed")
}
