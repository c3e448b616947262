// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import FoundationEssentials
import Glibc
import Timeline

/// Body of `POST /v1/pairings`.
public struct PairingRequest: Sendable, Codable {
  /// Admits the sender with this code.
  public let approve: String?
  /// How long. Seconds.
  public let seconds: Int
  /// Denies a pairing, or ends it, by number.
  public let deny: Int64?

  public init(approve: String? = nil, seconds: Int = 0, deny: Int64? = nil) {
    (self.approve, self.seconds, self.deny) = (approve, seconds, deny)
  }
}

/// Its answer.
public struct PairingResponse: Sendable, Codable {
  public var formatVersion = 1
  public let pairings: [Pairing]
}

extension AuditEvent.Kind {
  /// An operator's word on a sender who asked to be admitted.
  static let pairing = Self("access.pairing")
}

extension ControlActions {
  /// The longest admission by pairing. Seconds.
  static let longestPairing = 90 * 86_400

  func pairings(_ request: PairingRequest, as actor: String) async throws -> PairingResponse {
    let now = Date()
    if let id = request.deny {
      try tell("deny", "pairing/\(id)", actor, .intent, now)
      let denied = try await store.denyPairing(id, by: actor, at: now)
      try tell("deny", "sender:\(denied.channel)/\(denied.sender)", actor, .done, now)
      return PairingResponse(pairings: [denied])
    }
    guard let code = request.approve else {
      return PairingResponse(pairings: try await store.pairings(at: now))
    }
    guard (60...Self.longestPairing).contains(request.seconds) else {
      throw ApplianceError(
        .malformed, "an admission by pairing lasts from one minute to 90 days", hint: "--for 7d")
    }
    try tell("approve", "pairing", actor, .intent, now)
    let approved: Pairing
    do {
      approved = try await store.approvePairing(
        code, on: await runtimeSettings()?.pairing ?? [],
        until: now.addingTimeInterval(Double(request.seconds)), by: actor, at: now)
    } catch {
      try tell("approve", "pairing", actor, .denied, now)
      throw error
    }
    try tell("approve", "sender:\(approved.channel)/\(approved.sender)", actor, .done, now)
    return PairingResponse(pairings: [approved])
  }

  private func tell(
    _ word: String, _ subject: String, _ actor: String, _ outcome: AuditEvent.Outcome, _ now: Date
  ) throws {
    try audit.record(
      [AuditEvent(.pairing, by: actor, on: subject, outcome, at: now, details: ["word": word])],
      at: now)
  }
}
