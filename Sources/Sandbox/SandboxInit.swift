// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSandbox
import DurableIO
import Glibc

/// The first process of a sandbox: it sets the limits and the system call filter, runs the command
/// and reports how it ended (`CSandbox/init.c`).
enum SandboxInit {
  /// Where containers find it and its files.
  static let folder = "/.kafclaw"

  /// A limit that setrlimit(2) takes.
  struct Limit {
    let resource: Int
    let value: Int
  }

  enum Report: Equatable {
    /// The wait status of the command, wait(2).
    case ended(Int32)
    case timedOut
    /// The command could not be executed, with the kernel's reason.
    case notExecuted(Int32)
    case folderRefused(Int32)
    case failed(String, Int32)
  }

  static func image() throws -> [UInt8] {
    try filled(capacity: 64 << 10) { kafclaw_init_image($0, $1) }
  }

  /// The system call filter as BPF instructions.
  static func filter(hasNetwork: Bool) throws -> [UInt8] {
    let flags = hasNetwork ? Int32(KAFCLAW_FILTER_NETWORK.rawValue) : 0
    return try filled(capacity: 8 << 10) { kafclaw_filter(flags, $0, $1) }
  }

  /// The arguments after the program's name.
  static func arguments(
    _ command: SandboxedCommand, status: String, filter: String, wallTime: Int, limits: [Limit]
  ) -> [String] {
    let environment = variables(command.environment)
    return [status, filter, "\(wallTime)", "\(limits.count)"]
      + limits.flatMap { ["\($0.resource)", "\($0.value)"] }
      + [command.folder, "\(environment.count)"] + environment + ["--", command.executable]
      + command.arguments
  }

  static func variables(_ environment: [String: String]) -> [String] {
    environment.map { "\($0.key)=\($0.value)" }.sorted()
  }

  /// Reads the first record; nil when the process did not come to write one.
  static func report(from descriptor: Int32) -> Report? {
    var record: [Int32] = [0, 0]
    let size = record.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    guard size == 8 else { return nil }
    return switch UInt32(bitPattern: record[0]) {
    case KAFCLAW_INIT_ENDED.rawValue: .ended(record[1])
    case KAFCLAW_INIT_TIMEOUT.rawValue: .timedOut
    case KAFCLAW_INIT_EXECUTE.rawValue: .notExecuted(record[1])
    case KAFCLAW_INIT_FOLDER.rawValue: .folderRefused(record[1])
    case KAFCLAW_INIT_LIMIT.rawValue: .failed("a resource limit was refused", record[1])
    case KAFCLAW_INIT_FILTER.rawValue: .failed("the system call filter was refused", record[1])
    case KAFCLAW_INIT_START.rawValue: .failed("no process for the command", record[1])
    default: nil
    }
  }

  private static func filled(
    capacity: Int, _ body: (UnsafeMutablePointer<UInt8>?, Int) -> Int
  ) throws -> [UInt8] {
    // Instructions of a filter are structures of eight bytes; arrays are aligned to sixteen.
    var buffer = [UInt8](repeating: 0, count: capacity)
    let size = buffer.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) }
    guard size > 0, size <= capacity else {
      throw ApplianceError(.inconsistent, "a part of the sandbox does not fit its buffer")
    }
    return Array(buffer[..<size])
  }
}

extension SandboxLimits {
  /// The limits of each process. Glibc declares the resources as an enumeration in C.
  func perProcess(includesMemory: Bool, processes: Int?) -> [SandboxInit.Limit] {
    var limits = [
      SandboxInit.Limit(resource: Int(RLIMIT_CPU.rawValue), value: cpuTime),
      SandboxInit.Limit(resource: Int(RLIMIT_FSIZE.rawValue), value: fileSize),
      SandboxInit.Limit(resource: Int(RLIMIT_NOFILE.rawValue), value: descriptors),
      SandboxInit.Limit(resource: Int(RLIMIT_CORE.rawValue), value: 0),
    ]
    // Data, not address space: runtimes reserve far more addresses than they ever use.
    if includesMemory {
      limits.append(SandboxInit.Limit(resource: Int(RLIMIT_DATA.rawValue), value: memory))
    }
    if let processes {
      limits.append(
        SandboxInit.Limit(resource: Int(__RLIMIT_NPROC.rawValue), value: processes))
    }
    return limits
  }
}
