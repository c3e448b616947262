// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSandbox
import DurableIO
import Glibc

/// Runs one program below a keeper, so that nothing of it survives: not its end, not the end of
/// its time, not the death of the caller (`CSandbox/keeper.c`).
struct ContainedProcess {
  var program: String
  /// Without the program's own name.
  var arguments: [String]
  var environment: [String] = []
  var folder = "/"
  /// What becomes its descriptors 3, 4, …
  var descriptors: [Int32] = []
  /// `cgroup.procs` files of the groups it joins, open for writing.
  var groups: [Int32] = []
  var limits: [SandboxInit.Limit] = []
  /// The user and the group it becomes; 0 to stay who the caller is.
  var user: UInt32 = 0
  /// Whether descendants that lose their parent are killed too. A container engine leaves a
  /// monitor behind, which must live.
  var killsOrphans = true

  struct Result {
    /// How the program ended; nil when it was not started.
    var status: WaitStatus?
    /// The kernel's reason when it was not started.
    var failure: Int32?
    var output = OutputCollector()
    var errors = OutputCollector()
    var isTimedOut = false
    /// Milliseconds.
    var wallTime = 0

    var isFlooded: Bool { output.isCut || errors.isCut }
  }

  /// - Parameters:
  ///   - input: what the program reads.
  ///   - wallTime: milliseconds until it is killed.
  ///   - keep: bytes kept of each stream; more ends the program.
  func run(input: [UInt8] = [], wallTime: Int, keep: Int) throws -> Result {
    let source = try Self.input(input)
    let output = try Pipe()
    let errors = try Pipe()
    var (reports, control) = (Int32(-1), Int32(-1))
    let pid = launch(
      [source.number, output.writer, errors.writer] + descriptors, &reports,
      &control)
    guard pid > 0 else { throw ApplianceError.sandbox("cannot make a process", errno) }
    var watch = KeeperWatch(
      reports: Descriptor(owning: reports), control: Descriptor(owning: control), keep: keep)
    output.closeWriter()
    errors.closeWriter()
    let isOver = watch.follow(
      output: output.reader.number, errors: errors.reader.number, wallTime: wallTime)
    guard isOver else {
      throw ApplianceError.sandbox("a process of the command cannot be killed", EBUSY)
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return watch.result
  }

  private func launch(
    _ descriptors: [Int32], _ reports: inout Int32, _ control: inout Int32
  ) -> pid_t {
    let pairs = limits.flatMap { [UInt64($0.resource), UInt64($0.value)] }
    return CStrings.lend([program] + arguments) { argv in
      CStrings.lend(environment) { envp in
        program.withCString { path in
          folder.withCString { folder in
            descriptors.withUnsafeBufferPointer { descriptors in
              groups.withUnsafeBufferPointer { groups in
                pairs.withUnsafeBufferPointer { pairs in
                  pairs.withMemoryRebound(to: CUnsignedLongLong.self) { pairs in
                    var launch = kafclaw_launch(
                      path: path, argv: argv, envp: envp, folder: folder,
                      descriptors: descriptors.baseAddress,
                      descriptor_count: Int32(descriptors.count), groups: groups.baseAddress,
                      group_count: Int32(groups.count), limits: pairs.baseAddress,
                      limit_count: Int32(pairs.count / 2), user: user,
                      flags: killsOrphans ? Int32(KAFCLAW_ADOPT.rawValue) : 0)
                    return kafclaw_launch(&launch, &reports, &control)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// A file in memory: it needs nobody who feeds it while the program runs.
  private static func input(_ bytes: [UInt8]) throws -> Descriptor {
    if bytes.isEmpty { return try Descriptor(opening: "/dev/null", O_RDONLY) }
    return try memoryFile(bytes)
  }

  static func memoryFile(_ bytes: [UInt8]) throws -> Descriptor {
    let number = bytes.withUnsafeBytes {
      kafclaw_memory_file($0.baseAddress, UInt($0.count))
    }
    guard number >= 0 else { throw ApplianceError.sandbox("cannot make a file in memory", errno) }
    return Descriptor(owning: number)
  }
}

/// The status of wait(2).
struct WaitStatus: Equatable {
  let raw: Int32

  var end: SandboxOutcome.End {
    let signal = raw & 0x7F
    return signal == 0 ? .exited(Int((raw >> 8) & 0xFF)) : .signalled(Int(signal))
  }
}
