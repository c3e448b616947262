// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What one command may use.
public struct SandboxLimits: Sendable, Codable, Equatable {
  /// Milliseconds until everything is killed.
  public var wallTime: Int
  /// Seconds of processor time of each process.
  public var cpuTime: Int
  /// Bytes of the whole tree where a control group holds it, else of each process.
  public var memory: Int
  /// Processes and threads at the same time.
  public var processes: Int
  /// Bytes of the largest file that can be written.
  public var fileSize: Int
  /// Open files of each process.
  public var descriptors: Int
  /// Bytes kept of the output, and as many of the errors; more ends the command.
  public var output: Int
  /// Bytes of `/tmp`.
  public var scratch: Int

  public init(
    wallTime: Int = 60_000, cpuTime: Int = 30, memory: Int = 512 << 20, processes: Int = 64,
    fileSize: Int = 256 << 20, descriptors: Int = 256, output: Int = 1 << 20,
    scratch: Int = 64 << 20
  ) {
    self.wallTime = wallTime
    self.cpuTime = cpuTime
    self.memory = memory
    self.processes = processes
    self.fileSize = fileSize
    self.descriptors = descriptors
    self.output = output
    self.scratch = scratch
  }

  /// A minute, 30 s of processor time, 512 MiB of memory, 64 processes, files of 256 MiB,
  /// 256 open files, 1 MiB of output and 64 MiB of `/tmp`.
  public static let standard = SandboxLimits()

  /// The largest value of any limit, far below where arithmetic overflows.
  static let ceiling = 1 << 48
}
