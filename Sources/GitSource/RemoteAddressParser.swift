// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Reads the text of a ``RemoteAddress``, byte by byte.
struct RemoteAddressParser {
  private static let longest = 4_096
  private static let forms =
    "an absolute path, ssh://user@host/path, user@host:path or https://host/path"

  private let text: String

  init(_ text: String) {
    self.text = text
  }

  func address() throws -> RemoteAddress {
    guard text.utf8.count <= Self.longest else { throw refused("is too long") }
    guard !text.isEmpty, !text.unicodeScalars.contains(where: VisibleText.isInvisible) else {
      throw refused(text.isEmpty ? "is empty" : "has control characters")
    }
    guard !text.contains("%00") else { throw refused("has an escaped NUL") }
    if text.hasPrefix("/") { return RemoteAddress(.file, path: text) }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) || text.hasPrefix("file://") else {
      throw refused("has spaces or characters beyond ASCII")
    }
    guard let (scheme, rest) = AddressText.cut(text, at: "://") else { return try shortForm() }
    switch scheme.lowercased() {
    case "file" where rest.hasPrefix("/"): return RemoteAddress(.file, path: String(rest))
    case "ssh": return try remote(.ssh, rest)
    case "https": return try remote(.https, rest)
    case "http":
      throw refused("is neither encrypted nor authenticated", hint: "use https:// or ssh://")
    case "git": throw refused("is neither encrypted nor authenticated", hint: "use ssh://")
    default: throw refused("is not an address of a supported kind")
    }
  }

  /// `//` authority `/` path.
  private func remote(
    _ transport: RemoteAddress.Transport, _ rest: Substring
  ) throws -> RemoteAddress {
    let authority = rest.utf8.prefix { $0 != UInt8(ascii: "/") }
    let path = String(rest.utf8.dropFirst(authority.count)) ?? ""
    var place = String(authority) ?? ""
    var user: String?
    if let (before, after) = AddressText.cut(place, at: "@") {
      guard transport == .ssh else {
        throw refused("has a user name", hint: "give a token as source.credential instead")
      }
      guard AddressText.isUser(before) else {
        throw refused("has a password or an unusual user name", hint: "use an ssh key instead")
      }
      (user, place) = (String(before), String(after))
    }
    guard let (host, port) = AddressText.hostAndPort(place) else {
      throw refused("has no usable host name and port")
    }
    try requirePath(path.utf8.dropFirst(), transport)
    return RemoteAddress(transport, host: host, port: port, user: user, path: path)
  }

  /// `user@host:path`, as scp has it.
  private func shortForm() throws -> RemoteAddress {
    guard let (user, rest) = AddressText.cut(text, at: "@"), AddressText.isUser(user),
      let (host, path) = AddressText.cut(rest, at: rest.hasPrefix("[") ? "]:" : ":"),
      let place = AddressText.hostAndPort(host.hasPrefix("[") ? "\(host)]" : String(host)),
      place.port == nil
    else { throw refused("is not an address of a supported kind") }
    try requirePath(path.hasPrefix("/") ? path.utf8.dropFirst() : path.utf8[...], .ssh)
    return RemoteAddress(.ssh, host: place.host, user: String(user), path: String(path))
  }

  /// The path reaches a shell on an ssh server, within single quotes.
  private func requirePath(
    _ path: Substring.UTF8View.SubSequence, _ transport: RemoteAddress.Transport
  ) throws {
    guard !path.isEmpty else { throw refused("names no repository") }
    guard !path.contains(UInt8(ascii: "?")), !path.contains(UInt8(ascii: "#")) else {
      throw refused("has a query or a fragment")
    }
    let isPlain = path.allSatisfy { byte in
      AddressBytes.isName(byte) || "/~+@=,:".utf8.contains(byte)
        || transport == .https && byte == UInt8(ascii: "%")
    }
    guard isPlain, AddressText.hasPlainEscapes(path) else {
      throw refused("has an unusual character in its path")
    }
    let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isSafe = parts.allSatisfy { !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    guard isSafe, path.first != UInt8(ascii: "-") else {
      throw refused("has a path that steps upwards or looks like an option")
    }
  }

  private func refused(_ why: String, hint: String? = nil) -> ApplianceError {
    ApplianceError(
      .gitAddress, "\"\(AddressText.shown(text))\" \(why)",
      hint: hint ?? "source.repository is \(Self.forms)")
  }
}
