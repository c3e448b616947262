// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What a token endpoint gave (RFC 6749, section 5.1). Its secrets cannot be printed.
public struct OAuthGrant: Sendable {
  public let access: SecretValue
  /// `nil` where the server gives none, or leaves the one before valid.
  public let refresh: SecretValue?
  /// When the access token ends; `nil` where nobody said.
  public let accessEnds: Date?
  /// `nil` for what was asked for.
  public let scopes: [String]?

  private struct Answer: Decodable {
    let access: String?
    let refresh: String?
    let seconds: JSONValue?
    let scope: String?
    let kind: String?
    let error: String?

    private enum CodingKeys: String, CodingKey {
      case scope, error
      case access = "access_token"
      case refresh = "refresh_token"
      case seconds = "expires_in"
      case kind = "token_type"
    }
  }

  /// Some servers write the number as text.
  private static func seconds(_ value: JSONValue) -> Double? {
    let number: Double? =
      switch value {
      case .integer(let number): Double(number)

      case .string(let text): Double(text)
      default: nil
      }
    return number.flatMap { $0.isFinite ? $0 : nil }
  }

  /// - Throws: `oauth.refused`; the server's description is left out, since it may quote what it was sent.
  public init(answer: [UInt8], status: Int, at now: Date) throws {
    // `try?`: whatever is wrong with it, it is no such answer.
    guard let answer = try? ApplianceJSON.decode(Answer.self, from: answer) else {
      throw ApplianceError(.oauthRefused, "the token endpoint answered \(status), and no token")
    }
    guard status == 200, let access = answer.access, !access.isEmpty,
      answer.kind?.lowercased() == "bearer"
    else {
      let word = OAuthForm.word(answer.error)
      throw ApplianceError(
        .oauthRefused, "the token endpoint answered \(status): \(word)",
        hint: word == "invalid_grant" ? "kafclaw skills auth start PROVIDER" : nil)
    }
    self.access = SecretValue(copying: Array(access.utf8))
    refresh = answer.refresh.flatMap { $0.isEmpty ? nil : SecretValue(copying: Array($0.utf8)) }
    accessEnds = answer.seconds.flatMap(Self.seconds).map {
      now.addingTimeInterval(min(max(0, $0), 31_536_000))
    }
    scopes = answer.scope.map { $0.split(separator: " ").map(String.init) }
  }
}
