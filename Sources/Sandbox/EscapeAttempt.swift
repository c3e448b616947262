// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Something a hostile command does to get out of its sandbox or to harm the host.
///
/// The script is for `/bin/sh`. It says `escaped` and what it got where it succeeds, and `tried` at
/// its end. It finds in its environment: `WORKSPACE`, a folder it may write; `SECRET`, the path of
/// a file of the host that it must not see; `HOST_PID`, a process of the host; `PORT`, a TCP
/// service on the host's loopback address; `ABSTRACT`, an abstract socket of the host, unix(7);
/// `MARKER`, an argument for processes that try to survive.
public struct EscapeAttempt: Sendable {
  public enum Expectation: Sendable, Equatable {
    /// The script comes to its end, and nothing of it succeeds.
    case refused
    /// The command ends in one of these ways, and nothing of it succeeds.
    case ends([SandboxOutcome.End])
    /// However it ends, nothing of it succeeds.
    case held
  }

  /// A sentence without its subject, such as "reads a file by its absolute path".
  public let name: String
  public let script: String
  public let expectation: Expectation
  public var limits: SandboxLimits

  init(
    _ name: String, _ script: String, _ expectation: Expectation = .refused,
    limits: SandboxLimits = Self.limits
  ) {
    self.name = name
    self.script = script
    self.expectation = expectation
    self.limits = limits
  }

  static let limits = SandboxLimits(
    wallTime: 20_000, cpuTime: 10, memory: 96 << 20, processes: 24, fileSize: 2 << 20,
    descriptors: 64, output: 64 << 10, scratch: 1 << 20)

  static func limits(_ change: (inout SandboxLimits) -> Void) -> SandboxLimits {
    var limits = Self.limits
    change(&limits)
    return limits
  }
}

/// What came of one attempt.
public struct EscapeFinding: Sendable, Codable, Equatable {
  public let name: String
  /// Whether the sandbox held.
  public let held: Bool
  /// How the command ended and what it said, for people.
  public let evidence: String
}
