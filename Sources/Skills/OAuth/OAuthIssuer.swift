// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// What an authorization server says, or what is asked of it, does not fit.
  public static let oauthRefused = Self("oauth.refused")
}

/// An authorization server, as its own document describes it (OpenID Connect Discovery 1.0, section 3; RFC 8414).
public struct OAuthIssuer: Sendable, Codable, Equatable {
  public let issuer: String
  public let authorization: String
  public let token: String
  /// RFC 7009; `nil` where there is none.
  public let revocation: String?
  /// How a client with a secret shows it, such as `client_secret_basic`.
  public let methods: [String]?
  /// Whether every answer names its issuer (RFC 9207, section 3).
  public let namesItself: Bool?

  private enum CodingKeys: String, CodingKey {
    case issuer
    case authorization = "authorization_endpoint"
    case token = "token_endpoint"
    case revocation = "revocation_endpoint"
    case methods = "token_endpoint_auth_methods_supported"
    case namesItself = "authorization_response_iss_parameter_supported"
  }

  /// Where a known provider's document is.
  ///
  /// - Parameter tenant: Of Microsoft 365: a directory's id or domain.
  public static func address(
    of provider: String, issuer: String?, tenant: String?
  ) throws -> String {
    let known: String? =
      switch provider {
      case "google-workspace": "https://accounts.google.com"
      case "microsoft-365":
        tenant.flatMap { isTenant($0) ? "https://login.microsoftonline.com/\($0)/v2.0" : nil }
      default: issuer
      }
    guard let known else {
      throw ApplianceError(
        .oauthRefused, "\(provider) needs \(provider == "microsoft-365" ? "--tenant" : "--issuer")",
        hint: "google-workspace; microsoft-365 --tenant ID; or a name of your own with --issuer URL"
      )
    }
    guard isSafe(known) else { throw unsafe(known) }
    return known
  }

  /// A directory's id: by its domain a document would name another issuer.
  private static func isTenant(_ text: String) -> Bool {
    text.utf8.count == 36
      && text.utf8.allSatisfy {
        $0 == UInt8(ascii: "-") || Hexadecimal.isDigit($0 | 0x20) || Hexadecimal.isDigit($0)
      }
  }

  /// In clear text within this machine: a server elsewhere has no business there.
  private static func isLocal(_ address: String) -> Bool { address.hasPrefix("http://") }

  /// - Parameter wanted: The issuer that was asked: a document of another one would lead a code elsewhere.
  /// - Throws: `oauth.refused`.
  public init(document: [UInt8], of wanted: String) throws {
    // `try?`: whatever is wrong with it, it is no such document.
    guard let found = try? ApplianceJSON.decode(OAuthIssuer.self, from: document) else {
      throw ApplianceError(.oauthRefused, "\(wanted) describes no authorization server")
    }
    guard Self.trimmed(found.issuer) == Self.trimmed(wanted) else {
      throw ApplianceError(
        .oauthRefused,
        "\(wanted) says that it is \(VisibleText.escape(String(found.issuer.prefix(200))))")
    }
    for address in [found.authorization, found.token] + [found.revocation].compactMap(\.self)
    where !Self.isSafe(address) || Self.isLocal(address) && !Self.isLocal(wanted) {
      throw Self.unsafe(address)
    }
    self = found
  }

  private static func trimmed(_ text: String) -> Substring {
    text.hasSuffix("/") ? text.dropLast() : text[...]
  }

  private static func unsafe(_ address: String) -> ApplianceError {
    ApplianceError(
      .oauthRefused, "\"\(VisibleText.escape(String(address.prefix(200))))\" is no https address",
      hint: "secrets go only by https, or by http within this machine")
  }

  /// By https, or by http within this machine; nothing that a header or another place could hide in.
  static func isSafe(_ address: String) -> Bool {
    let isPlain = address.unicodeScalars.allSatisfy {
      (0x21...0x7E).contains($0.value) && $0 != "@" && $0 != "#" && $0 != "\\"
    }
    guard isPlain, address.utf8.count <= 2_048 else { return false }
    if address.hasPrefix("https://") { return address.utf8.count > 8 }
    return ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { host in
      guard address.hasPrefix(host) else { return false }
      let next = address.utf8.dropFirst(host.utf8.count).first
      return next == nil || next == UInt8(ascii: ":") || next == UInt8(ascii: "/")
    }
  }
}
