// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// The text is no address of a repository that may be fetched from.
  public static let gitAddress = Self("git.address")
}

/// Where a repository is: a path of this host, or a server that authenticates itself (ssh, https).
///
/// The text is checked as a whole before libgit2 sees it, so that no address can name another
/// program, carry a password or reach a shell. Codable as its text.
public struct RemoteAddress: Sendable, Hashable {
  public enum Transport: String, Sendable, Codable {
    case file, ssh, https
  }

  public let transport: Transport
  /// In lower case; `nil` for a path of this host. An IPv6 address stands without brackets.
  public let host: String?
  /// `nil` for the transport's own.
  public let port: Int?
  /// Who to sign in as over ssh; `nil` when the address does not say.
  public let user: String?
  /// Absolute, except for `user@host:path`, which the server reads from the user's home.
  public let path: String

  /// Reads an absolute path, `file:///path`, `ssh://[user@]host[:port]/path`, `user@host:path` or
  /// `https://host[:port]/path`.
  ///
  /// - Throws: `git.address` for anything else; the message holds no secret of the text.
  public init(_ text: String) throws {
    self = try RemoteAddressParser(text).address()
  }

  init(
    _ transport: Transport, host: String? = nil, port: Int? = nil, user: String? = nil, path: String
  ) {
    self.transport = transport
    self.host = host?.lowercased()
    self.port = port
    self.user = user
    self.path = path
  }

  /// The text that reads back as this address.
  public var text: String { text(user: user) }

  /// What libgit2 connects to.
  func location(user: String?) -> String {
    transport == .file ? "file://" + Self.escape(path) : text(user: user)
  }

  private func text(user: String?) -> String {
    guard let host else { return path }
    let user = user.map { $0 + "@" } ?? ""
    let place = host.contains(":") ? "[\(host)]" : host
    guard path.hasPrefix("/") else { return "\(user)\(place):\(path)" }
    return "\(transport.rawValue)://\(user)\(place)\(port.map { ":\($0)" } ?? "")\(path)"
  }

  /// libgit2 takes a colon in a path for the end of a host name, and `%` for an escape.
  private static func escape(_ path: String) -> String {
    path.utf8.map { byte in
      AddressBytes.isName(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "~")
        ? String(Unicode.Scalar(byte)) : "%" + Hexadecimal.encode([byte])
    }.joined()
  }
}

extension RemoteAddress: CustomStringConvertible {
  /// For people: without the user.
  public var description: String { text(user: nil) }
}

extension RemoteAddress: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// Bytes that addresses are made of.
enum AddressBytes {
  static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// A letter, a digit, `-`, `.` or `_`.
  static func isName(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || "-._".utf8.contains(byte)
  }

  static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }
}
