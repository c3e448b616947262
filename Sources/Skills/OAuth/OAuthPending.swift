// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// A consent that somebody was asked for: good for ten minutes and for one answer.
public struct OAuthPending: Sendable, Codable {
  /// Seconds.
  public static let life: TimeInterval = 600

  public let issuer: OAuthIssuer
  public let client: String
  public let redirect: String
  public let scopes: [String]
  /// Comes back with the answer; independent of the verifier (CVE-2026-34511).
  private let state: String
  /// RFC 7636, section 4.1.
  public let verifier: String
  public let startedAt: Date

  public init(
    _ issuer: OAuthIssuer, client: String, redirect: String, scopes: [String], at now: Date
  ) throws {
    guard OAuthIssuer.isSafe(redirect), Self.isPlain(redirect) else {
      throw ApplianceError(
        .oauthRefused, "the redirect address is not one that a browser comes back to unchanged",
        hint: "https, or http within this machine; lower-case host, a path, no query")
    }
    (self.issuer, self.client, self.redirect, self.scopes) = (issuer, client, redirect, scopes)
    state = Base64URL.encode(SecureRandom.bytes(32))
    verifier = Base64URL.encode(SecureRandom.bytes(32))
    startedAt = now
  }

  /// Where somebody consents, in a browser.
  public var address: String {
    let challenge = Base64URL.encode(Self.digest(verifier))
    let fields = [
      ("response_type", "code"), ("client_id", client), ("redirect_uri", redirect),
      ("scope", scopes.joined(separator: " ")), ("state", state), ("code_challenge", challenge),
      ("code_challenge_method", "S256"), ("access_type", "offline"), ("prompt", "consent"),
    ]
    let query = OAuthForm.text(fields)
    return issuer.authorization + (issuer.authorization.contains("?") ? "&" : "?") + query
  }

  private static func isPlain(_ redirect: String) -> Bool {
    let rest = redirect.drop { $0 != ":" }.dropFirst(3)
    let host = rest.prefix { $0 != "/" }
    return host.utf8.count < rest.utf8.count && host.lowercased() == host && !rest.contains("?")
      && !host.hasSuffix(":80") && !host.hasSuffix(":443")
  }

  private static func digest(_ text: String) -> [UInt8] {
    let digits = SHA256.digest(Array(text.utf8)).rawValue.dropFirst("sha256:".count)
    return Hexadecimal.decode(digits) ?? []
  }

  /// Whether an answer is still taken.
  public func isWaiting(at now: Date) -> Bool {
    (0..<Self.life).contains(now.timeIntervalSince(startedAt))
  }

  /// Whether nobody can answer any more, also where the clock was set back.
  public func hasLapsed(at now: Date) -> Bool { now.timeIntervalSince(startedAt) >= Self.life }

  /// The code of an answer.
  ///
  /// - Parameter answer: The whole address that the browser was sent to.
  /// - Throws: `oauth.refused` for an answer that is late, of another consent, of another issuer (RFC 9207), or a
  ///   refusal.
  public func code(in answer: String, at now: Date) throws -> SecretValue {
    guard isWaiting(at: now) else {
      throw Self.refusal("the consent was asked for over ten minutes ago")
    }
    let parts = answer.split(separator: "?", maxSplits: 1)
    let place = redirect.prefix { $0 != "?" }
    guard parts.count == 2, parts[0] == place else {
      throw Self.refusal("this is not the address that the browser was sent back to")
    }
    guard let fields = OAuthForm.fields(String(parts[1].prefix { $0 != "#" })) else {
      throw Self.refusal("the address is not one that a server made")
    }
    let given = SecretValue(copying: Array((fields["state"] ?? "").utf8))
    guard given.isEqual(to: SecretValue(copying: Array(state.utf8))) else {
      throw Self.refusal("this answers another request: its state does not fit")
    }
    if let issuer = fields["iss"] ?? (issuer.namesItself == true ? "" : nil),
      issuer != self.issuer.issuer
    {
      throw Self.refusal("another server answered")
    }
    if let error = fields["error"] {
      throw Self.refusal("it was refused: \(OAuthForm.word(error))")
    }
    guard let code = fields["code"], !code.isEmpty else {
      throw Self.refusal("there is no code in it")
    }
    return SecretValue(copying: Array(code.utf8))
  }

  private static func refusal(_ words: String) -> ApplianceError {
    ApplianceError(.oauthRefused, words, hint: "kafclaw skills auth start PROVIDER")
  }
}

/// RFC 4648, section 5, without padding.
enum Base64URL {
  static func encode(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}
