// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO

extension Check {
  /// `config.json` goes into backups and to people: it must be readable and hold no secret.
  static let configurationRendered = Check(
    "configuration.rendered", "config.json can be read and holds no secret", .high,
    reference: "runbook 7.2", remedy: "kafclaw apply",
    detect: { host in
      let path = host.paths.renderedConfiguration
      guard let bytes = try DurableFile.readIfPresent(path, limit: ApplianceJSON.defaultLimit)
      else { return .notApplicable("there is no \(path) yet") }
      do {
        let value = try ApplianceJSON.decode(JSONValue.self, from: bytes)
        let places = SecretLiterals.places(in: value)
        return .of(
          Findings.shortened(places.map { "\(path): \($0) holds what looks like a secret" }),
          otherwise: "\(path) holds references only",
          remedy: "revoke that secret, then kafclaw apply")
      } catch let error as ApplianceError where error.code == .malformed {
        return Verdict(.fail, "\(path): \(error.message)")
      }
    })
}

/// Finds texts that look like credentials.
enum SecretLiterals {
  /// Where they stand, as in `channels.web.botToken`.
  static func places(in value: JSONValue) -> [String] { places(in: value, at: "") }

  private static func places(in value: JSONValue, at place: String) -> [String] {
    switch value {
    case .string(let text): SecretPattern.matches(text) ? [place.isEmpty ? "it" : place] : []
    case .array(let items):
      items.enumerated().flatMap { places(in: $1, at: "\(place)[\($0)]") }
    case .object(let members):
      members.sorted { $0.key < $1.key }.flatMap { key, value in
        let name = SecretPattern.matches(key) ? "a key" : VisibleText.escape(key)
        let inner = place.isEmpty ? name : "\(place).\(name)"
        return (SecretPattern.matches(key) ? [inner] : []) + places(in: value, at: inner)
      }
    case .null, .bool, .integer: []
    }
  }
}
