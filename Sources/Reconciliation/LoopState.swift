// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What the loop must remember over a restart: holds, quarantine, an open attempt. A value; every
/// transition is pure, and it is written only when it changed.
public struct LoopState: Sendable, Codable, Equatable {
  public var formatVersion = 1
  /// Counts changes of any input that can change a verdict: desired state, signers, holds, program.
  public private(set) var generation = 0
  /// The newest generation that was evaluated to an end.
  public var observedGeneration = 0
  private var inputs: Digest?
  public private(set) var quarantine: [Quarantine] = []
  /// Returns to the last good state, newest last.
  public private(set) var returns: [Return] = []
  public var hold: Hold?
  public var pin: Pin?
  /// The apply that is being carried out, to count how often it is cut off.
  public var attempt: Attempt?
  /// The state that a change which hurts goes back to: the newest one that was found healthy.
  public var lastGood: LastGood?

  public init() {}

  /// A desired state that hurt this host. Found again by what it asks for, not by its commit id:
  /// one tree can come under many ids.
  public struct Quarantine: Sendable, Codable, Equatable {
    /// Digest of the desired state: effective values and workspace files.
    public let desired: Digest
    public let tree: String?
    public let commit: String?
    public let effect: Digest
    public let at: Date
    public let reason: String
  }

  public struct Return: Sendable, Codable, Equatable {
    public let desired: Digest
    public let at: Date
  }

  /// Why nothing new is applied.
  public struct Hold: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable {
      /// An operator's `suspend`: nothing is written, drift is reported.
      case suspended
      /// Repeated returns: nothing new is applied, drift is corrected.
      case repeatedReturns = "repeated-returns"
      /// A return failed, or an apply ended the program again and again: nothing is written.
      case safe = "safe-hold"
    }

    public let kind: Kind
    public let reason: String
    public let since: Date
    /// `nil` until `kafclaw resume`.
    public let until: Date?

    public init(_ kind: Kind, reason: String, since: Date, until: Date?) {
      (self.kind, self.reason, self.since, self.until) = (kind, reason, since, until)
    }

    /// Whether drift is left alone too.
    public var forbidsWrites: Bool { kind != .repeatedReturns }
  }

  /// An older state that an operator went back to.
  public struct Pin: Sendable, Codable, Equatable {
    public let bundle: String
    public let commit: String?
    public let reason: String
    public let since: Date
    public let until: Date
  }

  public struct LastGood: Sendable, Codable, Equatable {
    /// File of ``BundleStore``'s archive.
    public let bundle: String
    public let desired: Digest
    public let commit: String?
  }

  public struct Attempt: Sendable, Codable, Equatable {
    public let desired: Digest
    public let commit: String?
    /// How often it was begun and did not end.
    public var starts: Int
  }
}

extension LoopState {
  static let quarantineLimit = 50
  /// So many returns of different states within ``returnWindow`` stop the loop from taking more.
  static let returnLimit = 2
  static let returnWindow: TimeInterval = 3_600
  /// An apply that was cut off so often is not tried again.
  static let crashLimit = 3

  func quarantined(_ desired: Digest) -> Quarantine? { quarantine.last { $0.desired == desired } }

  /// Takes the inputs of a pass; a change of any of them is a new generation.
  mutating func take(inputs digest: Digest) {
    guard inputs != digest else { return }
    inputs = digest
    generation += 1
  }

  mutating func isolate(_ bad: Quarantine) {
    quarantine = (quarantine.filter { $0.desired != bad.desired } + [bad])
      .suffix(Self.quarantineLimit)
  }

  /// Frees a desired state by its digest, a prefix of its tree or commit.
  mutating func release(_ name: String) -> Bool {
    let before = quarantine.count
    quarantine.removeAll { bad in
      [bad.desired.rawValue, bad.desired.short, bad.tree ?? "", bad.commit ?? ""]
        .contains { name.utf8.count >= 7 && $0.hasPrefix(name) }
    }
    return quarantine.count < before
  }

  /// Notes a return to the last good state; repeated ones hold the loop.
  mutating func noteReturn(from desired: Digest, at now: Date) {
    returns.append(Return(desired: desired, at: now))
    returns = returns.filter { now.timeIntervalSince($0.at) < Self.returnWindow }.suffix(10)
    let different = Set(returns.map(\.desired)).count
    guard different >= Self.returnLimit, hold == nil else { return }
    hold = Hold(
      .repeatedReturns, reason: "\(different) changes were taken back within an hour",
      since: now, until: nil)
  }

  mutating func forgetReturns() { returns = [] }

  /// Ends holds and pins whose time is over.
  mutating func expire(at now: Date) {
    if let until = hold?.until, until <= now { hold = nil }
    if let until = pin?.until, until <= now { pin = nil }
  }

  /// Notes that an apply begins; returns how often it did now.
  mutating func begin(_ desired: Digest, commit: String?) {
    let starts = attempt?.desired == desired ? attempt?.starts ?? 0 : 0
    attempt = Attempt(desired: desired, commit: commit, starts: starts + 1)
  }
}
