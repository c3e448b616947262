// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What a command did in the sandbox.
public struct SandboxOutcome: Sendable, Codable, Equatable {
  public enum End: Sendable, Codable, Equatable {
    case exited(Int)
    case signalled(Int)
    /// The wall time was over.
    case timedOut
    /// The kernel killed a process because the memory limit was reached.
    case outOfMemory
    /// The output was longer than the limit.
    case outputLimit
  }

  public let end: End
  public let output: [UInt8]
  public let errors: [UInt8]
  public let isOutputCut: Bool
  public let isErrorsCut: Bool
  /// Milliseconds from the start of the sandbox to its end.
  public let wallTime: Int
  /// What the sandbox really held, in the order of ``SandboxControl/allCases``.
  public let enforced: [SandboxControl]
}

/// Something a sandbox holds.
public enum SandboxControl: String, Sendable, Codable, CaseIterable {
  /// Files beside the bindings and the system are out of sight, the system is read-only.
  case filesystem
  /// There is no network but an empty loopback interface.
  case network
  /// Processes of the host are out of sight and out of reach.
  case processes
  /// No capability, capabilities(7).
  case capabilities
  /// No program gains privileges, PR_SET_NO_NEW_PRIVS.
  case noNewPrivileges
  /// The system call filter.
  case seccomp
  /// The memory of the whole tree.
  case memory
  /// The private memory of each process alone: a tree takes as many times more, and memory that
  /// is made to be shared (`MAP_SHARED`, `memfd_create`, `shmget`) is not counted at all.
  case memoryPerProcess
  case processCount
  case cpu
  case fileSize
  case descriptors
  /// The size of `/tmp`.
  case scratch
}
