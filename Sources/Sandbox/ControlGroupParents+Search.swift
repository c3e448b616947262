// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import Glibc

extension ControlGroupParents {
  /// The first place where this user can make groups that limit memory and processes; tried, not
  /// guessed.
  ///
  /// The places, in order: a folder `kafclaw` at the top of the hierarchy, which root makes and an
  /// administrator gives to the service's user, and the service's own group and the one above,
  /// which systemd delegates (`Delegate=yes`).
  static func usable() -> ControlGroupParents? {
    let own = ownGroups(GroupFolder.text("/proc/self/cgroup"))
    for mounts in hierarchies(GroupFolder.text("/proc/self/mountinfo")) {
      let memory = places(mounts.memory, own[mounts.isUnified ? "" : "memory"])
      let processes = places(mounts.processes, own[mounts.isUnified ? "" : "pids"])
      let pairs =
        mounts.isUnified
        ? memory.map { ($0, $0) }
        : memory.flatMap { left in processes.map { (left, $0) } }
      for (memory, processes) in pairs {
        let parents = ControlGroupParents(memory: memory, processes: processes)
        if parents.isUsable() { return parents }
      }
    }
    return nil
  }

  struct Hierarchy: Equatable {
    let memory: String
    let processes: String
    var isUnified: Bool { memory == processes }
  }

  /// Version 1 first: where it has the controllers, version 2 has not.
  static func hierarchies(_ mountinfo: String) -> [Hierarchy] {
    var (memory, processes, unified) = (String?.none, String?.none, String?.none)
    for line in mountinfo.split(separator: "\n") {
      // Optional fields stand before a lone hyphen, proc_pid_mountinfo(5).
      let fields = line.split(separator: " ")
      guard let hyphen = fields.firstIndex(of: "-"), hyphen > 4 else { continue }
      let (before, after) = (fields[..<hyphen], Array(fields[(hyphen + 1)...]))
      guard after.count > 2 else { continue }
      let options = after[2].split(separator: ",")
      if after[0] == "cgroup2" { unified = unified ?? String(before[4]) }
      guard after[0] == "cgroup" else { continue }
      if options.contains("memory") { memory = memory ?? String(before[4]) }
      if options.contains("pids") { processes = processes ?? String(before[4]) }
    }
    var found: [Hierarchy] = []
    if let memory, let processes { found.append(Hierarchy(memory: memory, processes: processes)) }
    if let unified { found.append(Hierarchy(memory: unified, processes: unified)) }
    return found
  }

  /// The own group in each hierarchy, by the names of the controllers; version 2 has no name.
  static func ownGroups(_ text: String) -> [String: String] {
    var groups: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty { groups[""] = String(parts[2]) }
      for name in parts[1].split(separator: ",") { groups[String(name)] = String(parts[2]) }
    }
    return groups
  }

  private static func places(_ mount: String, _ own: String?) -> [String] {
    var places = [mount + "/kafclaw"]
    guard let own, own != "/" else { return places }
    places.append(mount + own)
    if let slash = own.lastIndex(of: "/"), slash != own.startIndex {
      places.append(mount + String(own[..<slash]))
    }
    return places
  }

  /// Makes a group and runs a program in it.
  private func isUsable() -> Bool {
    for folder in folders where access(folder, F_OK) != 0 {
      // The lowest part only: what is above belongs to others.
      guard folder.hasSuffix("/kafclaw"), mkdir(folder, 0o755) == 0 else { return false }
    }
    guard folders.allSatisfy({ access($0, W_OK) == 0 }) else { return false }
    GroupFolder.sweep(self)
    if memory == processes { delegate() }
    do {
      let group = try ControlGroup(
        below: self, memory: 64 << 20, extraProcesses: 1, .standard)
      let run = try ContainedProcess(
        program: "/bin/true", arguments: [], groups: group.members
      ).run(wallTime: 10_000, keep: 1)
      return run.status?.end == .exited(0)
    } catch {
      return false
    }
  }

  /// Version 2 gives groups only the controllers that the group above passes on.
  private func delegate() {
    let file = memory + "/cgroup.subtree_control"
    // `try?`: where it is not allowed, the group has no limits to write and is not usable.
    try? Descriptor(opening: file, O_WRONLY).write(Array("+memory +pids".utf8), to: file)
  }
}
