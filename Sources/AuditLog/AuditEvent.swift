// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// Something that must be known later: who did what, to what, how it ended, and why it was allowed
/// or refused. Never a secret's value.
public struct AuditEvent: Sendable, Codable, Equatable {
  /// What happened, `area.deed`.
  public struct Kind: RawRepresentable, Sendable, Codable, Hashable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public init(_ rawValue: String) { self.rawValue = rawValue }
  }

  public enum Outcome: String, Sendable, Codable {
    /// About to be done: written before the effect.
    case intent
    case done
    case denied
    case failed
  }

  /// Names the event in messages and for `audit explain`.
  public let id: String
  public let at: Date
  public let kind: Kind
  /// Who: `operator:1000`, `reconciler`, `gateway`, `sender:web/alice`, …
  public let actor: String
  /// To what: a resource address, an entry of the tomb, a tool.
  public let subject: String
  public let outcome: Outcome
  /// What decided, such as the rule of a guardrail or access list.
  public let rule: String?
  /// The commit that was in force.
  public let commit: String?
  /// The message or turn it belongs to.
  public let trace: String?
  /// The inputs of the decision, short.
  public let details: [String: String]

  /// Bytes of one text; longer ones are cut.
  static let textLimit = 512
  static let detailLimit = 32

  public init(
    _ kind: Kind, by actor: String, on subject: String, _ outcome: Outcome, at now: Date,
    rule: String? = nil, commit: String? = nil, trace: String? = nil,
    details: [String: String] = [:]
  ) {
    id = SecureRandom.hexadecimal(bytes: 10)
    at = now
    (self.kind, self.outcome) = (kind, outcome)
    (self.actor, self.subject) = (Self.short(actor), Self.short(subject))
    (self.rule, self.commit, self.trace) = (
      rule.map(Self.short), commit.map(Self.short), trace.map(Self.short)
    )
    let kept = details.sorted { $0.key < $1.key }.prefix(Self.detailLimit)
    self.details = Dictionary(
      kept.map { (Self.short($0.key), Self.short($0.value)) }, uniquingKeysWith: { one, _ in one })
  }

  private static func short(_ text: String) -> String {
    guard room(text.unicodeScalars) > textLimit else { return text }
    var (kept, used) = (String.UnicodeScalarView(), "…".utf8.count)
    for scalar in text.unicodeScalars {
      used += room([scalar])
      if used > textLimit { break }
      kept.append(scalar)
    }
    return String(kept) + "…"
  }

  /// Bytes in the line: its limit holds whatever a text consists of.
  private static func room(_ scalars: some Sequence<Unicode.Scalar>) -> Int {
    scalars.reduce(0) { sum, scalar in
      switch scalar {
      case "\u{0}"..."\u{1F}": sum + 6
      case "\"", "\\": sum + 2
      default: sum + UTF8.width(scalar)
      }
    }
  }
}

extension AuditEvent.Kind {
  /// Evidence was taken.
  public static let incidentSnapshot = Self("incident.snapshot")
  /// The first record of every log.
  public static let begin = Self("audit.begin")
  /// A line that a crash tore was cut off.
  public static let repair = Self("audit.repair")
  /// Somebody read the log.
  public static let read = Self("audit.read")
  public static let apply = Self("reconcile.apply")
  public static let goBack = Self("reconcile.return")
  public static let hold = Self("reconcile.hold")
  public static let sourceRefused = Self("source.refused")
  public static let sourceAccepted = Self("source.accept")
  public static let tombChange = Self("tomb.change")
  public static let secretUse = Self("secret.use")
  public static let tokenChange = Self("token.change")
  /// Somebody authenticated at the gateway, or failed to.
  public static let login = Self("access.login")
  /// A network is locked out after too many failures.
  public static let lockout = Self("access.lockout")
  /// A client of the gateway asked for a pass.
  public static let request = Self("reconcile.request")
  /// `doctor --fix` or `security fix` changed something.
  public static let repairHost = Self("doctor.fix")
  public static let admission = Self("access.admission")
  public static let toolCall = Self("tool.call")
  /// Whether a call may run was decided.
  public static let toolDecision = Self("tool.decision")
  /// An operator's word on a call, or that nobody gave one in time.
  public static let approval = Self("tool.approval")
  /// The sandbox was chosen, or failed.
  public static let sandbox = Self("tool.sandbox")
  /// A secret was seen where none may be.
  public static let secretSeen = Self("secret.seen")
  /// A backup, a check of one, or what was brought back.
  public static let backup = Self("backup")
  public static let start = Self("appliance.start")
  public static let stop = Self("appliance.stop")
}
