// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Synchronization

/// Where groups for commands are made, cgroups(7).
public struct ControlGroupParents: Sendable, Codable, Equatable {
  /// A folder whose groups limit memory.
  public var memory: String
  /// A folder whose groups limit processes; the same as ``memory`` in version 2.
  public var processes: String

  var folders: [String] { memory == processes ? [memory] : [memory, processes] }
}

/// The group of one command: its memory and its number of processes, counted over the whole tree.
final class ControlGroup {
  private let parents: ControlGroupParents
  private let name: String
  private var files: [Int32] = []

  private static let serial = Atomic<UInt64>(0)

  /// - Parameter extraProcesses: those of the sandbox itself.
  init(
    below parents: ControlGroupParents, memory: Int, extraProcesses: Int, _ limits: SandboxLimits
  ) throws {
    self.parents = parents
    let number = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
    name = ProcessStamp.own.text + "-\(number)"
    for folder in parents.folders {
      let path = folder + "/" + name
      guard mkdir(path, 0o755) == 0 else { throw ApplianceError.system("create", path) }
      files.append(try Self.open(path + "/cgroup.procs"))
    }
    try limitMemory(memory)
    try Self.write("\(limits.processes + extraProcesses)", processFolder + "/pids.max")
  }

  deinit {
    for file in files { close(file) }
    for folder in parents.folders { GroupFolder.remove(folder + "/" + name) }
  }

  /// `cgroup.procs` files, open for writing.
  var members: [Int32] { files }

  /// Whether the kernel killed a process because the limit was reached.
  var wasShortOfMemory: Bool {
    let file = isUnified ? "/memory.events" : "/memory.oom_control"
    let lines = GroupFolder.text(memoryFolder + file).split(separator: "\n")
    return lines.contains { $0.hasPrefix("oom_kill ") && $0 != "oom_kill 0" }
  }

  private var memoryFolder: String { parents.memory + "/" + name }
  private var processFolder: String { parents.processes + "/" + name }
  private var isUnified: Bool { parents.memory == parents.processes }

  private func limitMemory(_ bytes: Int) throws {
    if isUnified {
      try Self.write("\(bytes)", memoryFolder + "/memory.max")
      try Self.writeIfPresent("0", memoryFolder + "/memory.swap.max")
      try Self.writeIfPresent("1", memoryFolder + "/memory.oom.group")
    } else {
      try Self.write("\(bytes)", memoryFolder + "/memory.limit_in_bytes")
      try Self.writeIfPresent("\(bytes)", memoryFolder + "/memory.memsw.limit_in_bytes")
    }
  }

  private static func open(_ path: String) throws -> Int32 {
    let file = Glibc.open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw ApplianceError.system("open", path) }
    return file
  }

  private static func write(_ text: String, _ path: String) throws {
    try Descriptor(opening: path, O_WRONLY).write(Array(text.utf8), to: path)
  }

  private static func writeIfPresent(_ text: String, _ path: String) throws {
    if access(path, F_OK) == 0 { try write(text, path) }
  }
}

/// The folders of groups.
enum GroupFolder {
  /// Kills what is in a group and removes it. A group that stays holds nothing.
  static func remove(_ path: String) {
    for _ in 0..<200 {
      if rmdir(path) == 0 || errno == ENOENT { return }
      for line in text(path + "/cgroup.procs").split(separator: "\n") {
        if let pid = pid_t(line), pid > 1 { kill(pid, SIGKILL) }
      }
      // The kernel needs a moment to let go of ended processes.
      poll(nil, 0, 5)
    }
  }

  /// Removes groups whose makers are dead.
  static func sweep(_ parents: ControlGroupParents) {
    for folder in parents.folders {
      // `try?`: what is not seen now is for the next probe.
      for name in (try? PrivateFolder.names(in: folder)) ?? [] {
        guard let maker = ProcessStamp(ofName: name, after: ""), !maker.isAlive else { continue }
        remove(folder + "/" + name)
      }
    }
  }

  /// The content of a small file of the kernel's; empty when it cannot be read.
  static func text(_ path: String) -> String {
    // `try?`: what the kernel does not tell counts as not there, and limits are tested by a run.
    let file = try? Descriptor(opening: path, O_RDONLY).readAll(limit: 1 << 20, path: path)
    return String(decoding: file ?? [], as: UTF8.self)
  }
}
