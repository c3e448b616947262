// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// One thing that is looked at on a host: what it must be, how that is seen, what to do about it and,
/// where the appliance may do it by itself, the repair.
///
/// Each check stands in a file of its own, as a static member.
public struct Check: Sendable {
  /// Who asks for it.
  public enum Group: String, Sendable, Codable, CaseIterable {
    /// Whether the appliance works: `kafclaw doctor`, and every command below.
    case doctor
    /// Whether it is safe: `kafclaw security check`.
    case security
    /// Whether it may face other people: `kafclaw security check --profile go-live`.
    case goLive = "go-live"
    /// What takes long or sends requests: `kafclaw security audit --deep`.
    case deep
  }

  /// `area.what`, stable.
  public let id: String
  /// What must be so, as a sentence without its period.
  public let title: String
  public let severity: Severity
  public let group: Group
  /// Where the demand comes from: `runbook 3.5`, an RFC, a manual page.
  public let reference: String
  /// What to do in general; a verdict may name something closer.
  public let remedy: String
  let detect: @Sendable (Host) async throws -> Verdict
  /// What the appliance may do about it itself; what belongs to git is ``propose``.
  let repair: (@Sendable (Host) async throws -> [Repair])?
  /// Changes of the desired state that would clear it.
  let propose: (@Sendable (Host) async throws -> [Proposal])?

  init(
    _ id: String, _ title: String, _ severity: Severity, _ group: Group = .doctor,
    reference: String, remedy: String,
    repair: (@Sendable (Host) async throws -> [Repair])? = nil,
    propose: (@Sendable (Host) async throws -> [Proposal])? = nil,
    detect: @escaping @Sendable (Host) async throws -> Verdict
  ) {
    (self.id, self.title, self.severity, self.group) = (id, title, severity, group)
    (self.reference, self.remedy) = (reference, remedy)
    (self.detect, self.repair, self.propose) = (detect, repair, propose)
  }

  public var isRepairable: Bool { repair != nil }

  public var isProposable: Bool { propose != nil }

  /// Looks. Whatever keeps a check from looking is told, never taken for a pass.
  func run(on host: Host) async -> CheckResult {
    do {
      return CheckResult(self, try await detect(host))
    } catch {
      let cause = ApplianceError.of(error)
      return CheckResult(
        self, Verdict(.unknown, "could not look: \(cause.message)", remedy: cause.hint))
    }
  }
}

/// How bad it is when a check fails.
public enum Severity: String, Sendable, Codable, CaseIterable, Comparable {
  case low
  case medium
  case high
  /// Never suppressed.
  case critical

  public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What a check saw.
public struct Verdict: Sendable, Equatable {
  public enum Status: String, Sendable, Codable {
    case pass
    case warn
    case fail
    /// It could not be looked at, or there is no way to tell.
    case unknown
  }

  public let status: Status
  /// What was seen, each thing named; never a secret.
  public let evidence: [String]
  /// `nil` for the check's own.
  public let remedy: String?
  /// Whether there was anything to look at.
  public let applies: Bool

  init(_ status: Status, _ evidence: [String], remedy: String? = nil, applies: Bool = true) {
    (self.status, self.evidence, self.remedy, self.applies) = (status, evidence, remedy, applies)
  }

  init(_ status: Status, _ evidence: String, remedy: String? = nil) {
    self.init(status, [evidence], remedy: remedy)
  }

  static func pass(_ evidence: String) -> Verdict { Verdict(.pass, evidence) }

  /// There is nothing of the kind on this host.
  static func notApplicable(_ why: String) -> Verdict { Verdict(.pass, [why], applies: false) }

  /// - Parameter problems: What is wrong; none is a pass with `otherwise` as evidence.
  static func of(
    _ problems: [String], _ status: Status = .fail, otherwise: String, remedy: String? = nil
  ) -> Verdict {
    problems.isEmpty ? .pass(otherwise) : Verdict(status, problems, remedy: remedy)
  }
}
