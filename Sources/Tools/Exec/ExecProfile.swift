// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A program that `exec` may run, and within what.
public struct ExecProfile: Sendable, Codable, Equatable {
  /// Absolute path; links in it are followed when it is resolved.
  public var binary: String
  /// What the first argument may be, exactly; `nil` for anything.
  public var subcommands: [String]?
  /// Variables beside the few that the sandbox sets. Nothing else of any environment is seen.
  public var environment: [String: String]
  /// Whether the sandbox leaves it the network.
  public var network: Bool
  /// Seconds.
  public var timeout: Int
  /// Bytes.
  public var memory: Int
  /// Processes and threads at once.
  public var processes: Int
  /// Of standard output and standard error together. Bytes.
  public var output: Int
  public var isWorkspaceWritable: Bool

  public init(
    binary: String, subcommands: [String]? = nil, environment: [String: String] = [:],
    network: Bool = false, timeout: Int = 60, memory: Int = 512 << 20, processes: Int = 64,
    output: Int = 64 << 10, isWorkspaceWritable: Bool = false
  ) {
    (self.binary, self.subcommands, self.environment) = (binary, subcommands, environment)
    (self.network, self.timeout, self.memory) = (network, timeout, memory)
    (self.processes, self.output) = (processes, output)
    self.isWorkspaceWritable = isWorkspaceWritable
  }

  /// Why it must not be used; `nil` when it may. Looks at no file.
  public var problem: String? {
    binaryProblem ?? subcommandProblem ?? ExecEnvironment.problem(environment) ?? limitProblem
  }

  private var binaryProblem: String? {
    let shown = VisibleText.escape(binary)
    let parts = binary.utf8.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
    }
    guard binary.utf8.first == UInt8(ascii: "/"), isPlain, binary.utf8.count < 4_096,
      !ExecText.hasDeceptiveCharacters(binary)
    else { return "binary \"\(shown)\" is not a plain absolute path" }
    return Self.refusal(ofBinary: binary)
  }

  private var subcommandProblem: String? {
    guard let subcommands else { return nil }
    guard (1...256).contains(subcommands.count) else {
      return "subcommands must have 1 to 256 entries"
    }
    let wrong = subcommands.first { $0.isEmpty || ExecText.hasDeceptiveCharacters($0) }
    return wrong.map { "subcommand \"\(VisibleText.escape($0))\" is empty or not printable" }
  }

  private var limitProblem: String? {
    let limits: [(String, Int, ClosedRange<Int>)] = [
      ("timeout", timeout, 1...3_600), ("memory", memory, (4 << 20)...(1 << 40)),
      ("processes", processes, 1...4_096), ("output", output, 1...(16 << 20)),
    ]
    return limits.first { !$0.2.contains($0.1) }.map { name, _, range in
      "\(name) must be from \(range.lowerBound) to \(range.upperBound)"
    }
  }

  /// Why a program is no good for a profile, by its name: one that runs whatever its arguments say
  /// makes every other rule void (shells, and wrappers as in CVE-2026-31992).
  static func refusal(ofBinary path: String) -> String? {
    let name = (path.split(separator: "/").last.map(String.init) ?? "").lowercased()
    // bash5.2, zsh-5.9
    let plain = name[
      ..<(name.lastIndex { !"0123456789.-".contains($0) }.map(name.index(after:))
        ?? name.startIndex)]
    let isLoader = name.hasPrefix("ld") && name.contains(".so")
    guard
      isLoader || shells.contains(name) || shells.contains(String(plain))
        || wrappers.contains(name) || wrappers.contains(String(plain))
    else { return nil }
    return "\"\(VisibleText.escape(path))\" runs other programs and cannot be a profile"
  }

  private static let shells: Set<String> = [
    "sh", "ash", "bash", "busybox", "csh", "dash", "elvish", "fish", "ksh", "lksh", "mksh", "nu",
    "oksh", "pdksh", "posh", "pwsh", "rbash", "rc", "rksh", "rzsh", "sash", "tcsh", "toybox",
    "xonsh", "yash", "zsh",
  ]

  private static let wrappers: Set<String> = [
    "at", "batch", "bwrap", "capsh", "chpst", "chroot", "chrt", "command", "coreutils", "cpulimit",
    "crontab", "crun", "daemonize", "dbus-launch", "dbus-run-session", "doas", "docker", "entr",
    "env", "eval", "exec", "expect", "fakechroot", "fakeroot", "firejail", "flock", "gdb", "i386",
    "ionice", "linux", "ltrace", "machinectl", "newgrp", "nice", "nohup", "nsenter",
    "numactl", "parallel", "perf", "pkexec", "podman", "prlimit", "proot", "run-parts", "runc",
    "runcon", "runuser", "schroot", "screen", "script", "setarch", "setlock", "setpriv", "setsid",
    "setuidgid", "sg", "softlimit", "start-stop-daemon", "stdbuf", "strace", "su", "sudo",
    "sudoedit", "sudo-rs", "su-rs", "systemd-run", "taskset", "time", "timeout", "tini", "tmux",
    "unbuffer", "unshare", "valgrind", "watch", "x86_64", "xargs",
  ]
}

/// The environment of a program: what a profile may set, and what is set anyway.
enum ExecEnvironment {
  /// Set for every program; a profile cannot change the path.
  static let fixed = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]

  static func problem(_ variables: [String: String]) -> String? {
    guard variables.count <= 64 else { return "environment has over 64 variables" }
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
      guard isName(name) else {
        return "\"\(VisibleText.escape(name))\" is not a name of A to Z, 0 to 9 and _"
      }
      guard !isReserved(name) else { return "variable \(name) is reserved" }
      guard value.utf8.count <= 4_096, !ExecText.hasDeceptiveCharacters(value) else {
        return "variable \(name) is over 4096 bytes or not printable"
      }
    }
    return nil
  }

  private static func isName(_ name: String) -> Bool {
    guard (1...64).contains(name.utf8.count), let first = name.utf8.first,
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
    else { return false }
    return name.utf8.allSatisfy { byte in
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
  }

  /// Variables that make a program load or run something, or lead it elsewhere; and names of
  /// secrets, whose values do not belong into a profile.
  private static func isReserved(_ name: String) -> Bool {
    names.contains(name) || prefixes.contains { name.hasPrefix($0) }
      || secrets.contains { name.contains($0) }
  }

  private static let prefixes = [
    "BASH", "BUN_", "BUNDLE_", "CARGO_", "CMAKE_", "COMP_", "CURL_", "DBUS_", "DENO_", "DOCKER_",
    "DYLD_", "GCC_", "GCONV_", "GEM_", "GIO_", "GIT", "GLIBC_", "GO", "GTK_", "JAVA_", "JDK_",
    "KAFCLAW",
    "LD_", "LESS", "LUA_", "MALLOC_", "MAKE", "MAVEN_", "NODE_", "NPM_", "OPENSSL_", "PERL", "PHP",
    "PIP_", "PSQL_", "PYTHON", "QT_", "RESOLV", "RES_", "RIPGREP_", "RUBY", "RUST", "SSH_", "SSL",
    "SUDO_",
    "SWIFT", "SYSTEMD_", "TERM", "UV_", "XDG_", "ZSH",
  ]

  private static let names: Set<String> = [
    "ALL_PROXY", "AWKLIBPATH", "AWKPATH", "BROWSER", "CC", "CDPATH", "CLASSPATH", "CXX", "DISPLAY",
    "EDITOR", "ENV", "EXINIT", "FPATH", "FTP_PROXY", "GETCONF_DIR", "GLOBIGNORE", "HOME",
    "HOSTALIASES", "HTTPS_PROXY", "HTTP_PROXY", "IFS", "INPUTRC", "LOCALDOMAIN", "LOCPATH",
    "LOGNAME", "MAIL", "MANPAGER", "NLSPATH", "NO_PROXY", "OLDPWD", "PAGER", "PATH",
    "POSIXLY_CORRECT",
    "PROMPT_COMMAND", "PS4", "PWD", "SHELL", "SHELLOPTS", "SHLVL", "TMP", "TMPDIR", "TEMP", "TZDIR",
    "USER", "VIMINIT", "VISUAL", "WGETRC", "ZDOTDIR",
  ]

  private static let secrets = ["CREDENTIAL", "PASSW", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"]
}
