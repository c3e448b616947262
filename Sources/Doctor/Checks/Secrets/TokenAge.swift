// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import Tomb

extension Check {
  /// A token that leaked unnoticed opens the gateway until it is changed.
  static let tokenAge = Check(
    "token.age", "Tokens are rotated in time", .medium,
    reference: "runbook 3.5", remedy: "kafclaw token rotate NAME",
    detect: { host in
      guard let auth = try host.validState?.spec.gateway.auth else {
        return .noDesiredState
      }
      return TokenAge(
        reference: auth.token, policy: .init(auth.rotateAfter),
        hasTomb: try host.presentTomb != nil,
        registry: try host.acts.tokens()
      ).verdict(at: host.now)
    })
}

/// How old the gateway's tokens are, against the policy.
struct TokenAge {
  /// From when on a token is too old.
  struct Policy: Equatable {
    /// Seconds.
    let rotateAfter: Double
    let isDeclared: Bool

    /// - Parameter declared: `gateway.auth.rotateAfter`; without one, 90 days.
    init(_ declared: SpecDuration?) {
      rotateAfter = Double(declared?.seconds ?? 90 * 86_400)
      isDeclared = declared != nil
    }

    /// A quarter more than ``rotateAfter``. Seconds.
    var limit: Double { rotateAfter * 1.25 }

    var told: String {
      let span = TokenAge.span(rotateAfter)
      return isDeclared
        ? "gateway.auth.rotateAfter is \(span)" : "\(span) where nothing is declared"
    }
  }

  let reference: SecretReference?
  let policy: Policy
  let hasTomb: Bool
  /// `nil` before the first token, or without a tomb.
  let registry: TokenRegistry?

  /// How long before its end a token is told. Seconds.
  static let notice: Double = 14 * 86_400

  func verdict(at now: Date) -> Verdict {
    let ages = ages(at: now)
    let (failures, warnings) = (
      ages.filter { $0.seconds >= policy.limit },
      ages.filter { $0.seconds >= policy.rotateAfter && $0.seconds < policy.limit }
    )
    let problems =
      (failures + warnings).map { "\($0.told); \(policy.told)" } + ends(at: now) + unknown
    guard problems.isEmpty else {
      return Verdict(failures.isEmpty ? .warn : .fail, Findings.shortened(problems))
    }
    guard !ages.isEmpty else {
      return .notApplicable(
        reference.map { "no token of \($0) was seen yet: its age counts from then" }
          ?? "there is no token")
    }
    return .pass((ages.map(\.told) + [policy.told]).joined(separator: "; "))
  }

  private struct Age {
    let what: String
    let seconds: Double

    var told: String { "\(what) is \(TokenAge.span(seconds)) old" }
  }

  /// Of every token that is accepted.
  private func ages(at now: Date) -> [Age] {
    guard let registry else { return [] }
    let made = registry.clients.filter { !$0.valid(at: now).isEmpty }.map { client in
      Age(
        what: "the token of the client \(client.name)",
        seconds: now.timeIntervalSince(client.rotated))
    }
    guard let reference else { return made }
    let declared = registry.declared.filter { registry.admits($0.hash, at: now) }.map { known in
      Age(what: "the token of \(reference)", seconds: now.timeIntervalSince(known.firstSeen))
    }
    return made + declared
  }

  private func ends(at now: Date) -> [String] {
    (registry?.clients ?? []).compactMap { client in
      guard let end = client.expires, end <= now.addingTimeInterval(Self.notice) else { return nil }
      return "the token of the client \(client.name) \(end <= now ? "ended" : "ends") "
        + end.formatted(.iso8601)
    }
  }

  private var unknown: [String] {
    guard let reference, !hasTomb else { return [] }
    return ["the age of the token of \(reference) is not known without a tomb"]
  }

  /// Whole days, or hours or minutes of what is shorter.
  private static func span(_ seconds: Double) -> String {
    let units = [("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)]
    guard let (name, length) = units.first(where: { seconds >= $0.1 }) else {
      return "less than a minute"
    }
    return "\(Int((seconds / length).rounded(.down))) \(name)"
  }
}
