// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
public import SodiumCrypto

/// A named client of the gateway and the keyed hashes of its tokens; the tokens themselves are
/// nowhere.
public struct ClientToken: Sendable, Codable, Equatable {
  public let name: String
  public internal(set) var scopes: Set<TokenScope>
  public let created: Date
  /// When none of its tokens is accepted any more.
  public internal(set) var expires: Date?
  /// Newest last; more than one only during an overlap.
  public internal(set) var versions: [Version]

  /// One token.
  public struct Version: Sendable, Codable, Equatable {
    public let number: Int
    public let hash: KeyedHash
    public let created: Date
    /// When it stops being accepted because a newer one took its place; `nil` for the newest.
    public internal(set) var until: Date?
  }

  public var rotated: Date { versions.last?.created ?? created }

  /// The versions that are accepted at a time.
  public func valid(at now: Date) -> [Version] {
    guard expires.map({ $0 > now }) ?? true else { return [] }
    return versions.filter { $0.until.map { $0 > now } ?? true }
  }

  static let versionLimit = 4

  /// - Throws: `token.invalid`.
  public static func requireName(_ name: String) throws {
    let isName =
      (1...32).contains(name.utf8.count) && name.utf8.first.map(isLetterOrDigit) == true
      && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x5F }
    guard isName, name != operatorName else {
      // A token that stands in the place of a name is not repeated.
      let shown = name.utf8.count > 32 ? "what was given" : "\"\(VisibleText.escape(name))\""
      throw ApplianceError(
        .tokenInvalid, "\(shown) cannot be the name of a client",
        hint: "up to 32 lower-case letters, digits, - and _; not \(operatorName)")
    }
  }

  /// The client of `kafclaw chat`; its token lives in memory.
  public static let operatorName = "operator"

  /// The client of `gateway.auth.token`.
  public static let sharedName = "gateway"

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }
}

extension ApplianceError.Code {
  /// A name, scope or time is not one a token can have.
  public static let tokenInvalid = Self("token.invalid")
  /// There is no such client.
  public static let tokenUnknown = Self("token.unknown")
  /// A client of this name has a token already.
  public static let tokenExists = Self("token.exists")
  /// A token is too easy to guess.
  public static let tokenWeak = Self("token.weak")
  /// A token is not accepted.
  public static let tokenRefused = Self("token.refused")
}
