// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import CSandbox
import Glibc

/// Restricts this process for the rest of its life: files, ports and system calls it has no use
/// for. It works without any privilege, landlock(7) and seccomp(2).
///
/// Landlock forbids mounts to the process and all it starts, so a confined process cannot run
/// bubblewrap: commands are started by a process that is not confined this way.
public enum ComponentConfinement {
  public struct Rules: Sendable, Equatable {
    /// Folders and files to read and to execute, with everything below.
    public var readable: [String]
    /// Folders and files to read, to write and to make entries in, with everything below.
    public var writable: [String]
    /// TCP ports to listen on; nil for every port.
    public var bindPorts: [UInt16]?
    /// TCP ports to connect to; nil for every port.
    public var connectPorts: [UInt16]?
    /// Whether programs may be executed.
    public var startsPrograms: Bool
    /// Whether it may reach unix sockets, beside what it has open.
    public var usesUnixSockets = true
    /// Whether files and ports are confined at all.
    public var confinesFiles = true

    public init(
      readable: [String] = Self.system, writable: [String] = [], bindPorts: [UInt16]? = [],
      connectPorts: [UInt16]? = nil, startsPrograms: Bool = false
    ) {
      self.readable = readable
      self.writable = writable
      self.bindPorts = bindPorts
      self.connectPorts = connectPorts
      self.startsPrograms = startsPrograms
    }

    /// Libraries, certificates, name resolution, time zones, and what a process asks the kernel
    /// about itself: libdispatch ends a process that cannot read of its threads in `/proc`, where a
    /// rule for the process's own folder does not last. `/etc` as a whole, since a rule stands for a
    /// file that is there now, and `resolv.conf` is replaced while a component runs; permissions
    /// still keep what is private.
    public static let system = [
      "/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc", "/run/systemd/resolve", "/proc",
      "/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev/null", "/dev/zero", "/dev/random",
      "/dev/urandom",
    ]
  }

  /// What really holds.
  public struct Report: Sendable, Codable, Equatable {
    /// The version of the kernel's interface; 0 where there is none.
    public var landlockVersion: Int
    /// Files beside the rules are out of reach.
    public var files = false
    /// TCP ports beside the rules are refused. Needs version 4.
    public var ports = false
    /// Abstract sockets of other processes, and signals to them, are refused. Needs version 6.
    public var scopes = false
    /// The system call filter holds in all threads.
    public var systemCalls = false
    /// What does not hold and why, for people.
    public var problems: [String] = []
  }

  /// Call it before there are threads: Landlock restricts the calling thread and what it starts.
  /// What the kernel cannot hold is told, not thrown.
  public static func apply(_ rules: Rules) -> Report {
    var report = Report(landlockVersion: Int(kafclaw_landlock_version()))
    if !rules.confinesFiles {
      report.problems.append("files are not confined")
    } else if report.landlockVersion > 0 {
      applyLandlock(rules, &report)
    } else {
      report.problems.append("the kernel has no Landlock: files are not confined")
    }
    // Internet sockets stay: components talk to providers, channels and clients.
    var flags = KAFCLAW_FILTER_NETWORK.rawValue
    if !rules.startsPrograms { flags |= KAFCLAW_FILTER_NO_EXECUTE.rawValue }
    if !rules.usesUnixSockets { flags |= KAFCLAW_FILTER_NO_UNIX.rawValue }
    let error = kafclaw_filter_self(Int32(flags))
    report.systemCalls = error == 0
    if error != 0 { report.problems.append("system call filter: \(words(error))") }
    return report
  }

  private static func applyLandlock(_ rules: Rules, _ report: inout Report) {
    let rights = LandlockRights(version: report.landlockVersion)
    var network = rights.network
    if rules.bindPorts == nil { network &= ~LandlockRights.bind }
    if rules.connectPorts == nil { network &= ~LandlockRights.connect }
    let ruleset = kafclaw_landlock_ruleset(rights.files, network, rights.scopes)
    guard ruleset >= 0 else {
      report.problems.append("Landlock: \(words(errno))")
      return
    }
    defer { close(ruleset) }
    allow(rules.readable, rights.reading, ruleset, &report)
    allow(rules.writable, rights.files, ruleset, &report)
    if network != 0 {
      for port in rules.bindPorts ?? [] {
        allow(port, LandlockRights.bind, ruleset, &report)
      }
      for port in rules.connectPorts ?? [] {
        allow(port, LandlockRights.connect, ruleset, &report)
      }
    }
    let error = kafclaw_landlock_restrict(ruleset)
    guard error == 0 else {
      report.problems.append("Landlock: \(words(error))")
      return
    }
    report.files = true
    report.ports = network != 0
    report.scopes = rights.scopes != 0
    if threads > 1 { report.problems.append("other threads are not confined by Landlock") }
  }

  /// A path that is not there needs no rule.
  private static func allow(
    _ paths: [String], _ rights: UInt64, _ ruleset: Int32, _ report: inout Report
  ) {
    for path in paths {
      var status = stat()
      guard stat(path, &status) == 0 else { continue }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      let error = kafclaw_landlock_path(
        ruleset, path, isFolder ? rights : rights & LandlockRights.ofFiles)
      if error != 0 { report.problems.append("Landlock, \"\(path)\": \(words(error))") }
    }
  }

  private static func allow(
    _ port: UInt16, _ right: UInt64, _ ruleset: Int32, _ report: inout Report
  ) {
    let error = kafclaw_landlock_port(ruleset, UInt32(port), right)
    if error != 0 { report.problems.append("Landlock, port \(port): \(words(error))") }
  }

  private static func words(_ number: Int32) -> String { String(cString: strerror(number)) }

  private static var threads: Int {
    let line = GroupFolder.text("/proc/self/status").split(separator: "\n")
      .first { $0.hasPrefix("Threads:") }
    return line?.split(separator: "\t").last.flatMap { Int($0) } ?? 1
  }
}

/// The rights that a version of Landlock knows, `include/uapi/linux/landlock.h`.
struct LandlockRights {
  let version: Int

  static let bind: UInt64 = 1 << 0
  static let connect: UInt64 = 1 << 1

  /// Execute, write, read, truncate and device requests: the rest is about entries of folders.
  static let ofFiles: UInt64 = 0b111 | 1 << 14 | 1 << 15

  var files: UInt64 {
    switch version {
    case ..<2: (1 << 13) - 1
    case 2: (1 << 14) - 1
    case 3, 4: (1 << 15) - 1
    default: (1 << 16) - 1
    }
  }

  /// Execute, read a file, read a folder.
  var reading: UInt64 { 1 << 0 | 1 << 2 | 1 << 3 }

  var network: UInt64 { version >= 4 ? Self.bind | Self.connect : 0 }

  /// Abstract sockets and signals.
  var scopes: UInt64 { version >= 6 ? 0b11 : 0 }
}
