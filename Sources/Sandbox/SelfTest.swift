// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// Commands that look at their own sandbox.
enum SelfTest {
  /// What held.
  static func run(_ configuration: SandboxConfiguration) throws -> Set<SandboxControl> {
    let runner = SandboxRunner(configuration)
    var held = try look(runner)
    held.formUnion(try holdsMemory(runner))
    if try holdsProcesses(runner) { held.insert(.processCount) }
    return held
  }

  private static let limits = SandboxLimits(
    wallTime: 20_000, cpuTime: 7, memory: 256 << 20, processes: 16, fileSize: 4 << 20,
    descriptors: 100, output: 64 << 10, scratch: 1 << 20)

  private static func shell(
    _ script: String, _ limits: SandboxLimits, _ arguments: [String] = []
  ) -> SandboxRequest {
    let command = SandboxedCommand(
      executable: "/bin/sh", arguments: ["-c", script, "sh"] + arguments,
      environment: ["PATH": "/usr/bin:/bin"], folder: "/tmp")
    return SandboxRequest(command: command, limits: limits)
  }

  /// Sections of what the kernel says about the command, and traces of what it tried.
  private static let question = """
    cat /proc/self/status; echo '[limits]'; cat /proc/self/limits; echo '[net]'; cat /proc/net/dev
    echo '[processes]'; for entry in /proc/[0-9]*; do echo "process $entry"; done; echo '[tried]'
    [ -e "$1" ] && echo 'saw the host'
    for place in /usr /etc / /dev /proc/sys/kernel; do
      (: >"$place/kafclaw-test") 2>/dev/null && echo wrote
    done
    (echo >/tmp/small) 2>/dev/null && echo kept
    echo trying; head -c 3000000 /dev/zero 2>/dev/null >/tmp/fill && echo filled
    exit 0
    """

  private static func look(_ runner: SandboxRunner) throws -> Set<SandboxControl> {
    let marker = try HostMarker()
    let outcome = try runner.run(shell(question, limits, [marker.path]))
    guard outcome.end == .exited(0) else {
      throw ApplianceError(
        .sandboxFailed,
        "the self-test ended with \(outcome.end): "
          + String(decoding: outcome.errors.suffix(300), as: UTF8.self))
    }
    return SelfTestAnswer(String(decoding: outcome.output, as: UTF8.self)).held(limits)
  }

  /// Keeps more than the limit in memory, in the command itself. Nothing but the kernel's choice
  /// of a victim kills it with signal 9: a limit of each process refuses memory, and the command
  /// says so. Not every engine tells why a process was killed.
  private static func holdsMemory(_ runner: SandboxRunner) throws -> Set<SandboxControl> {
    var limits = limits
    limits.memory = 48 << 20
    // No variable of the shell: dash, short of memory, does not say so but dies of it. What is
    // small goes through, so that what is large fails for its size.
    let script = """
      copy() { dd if=/dev/zero of=/dev/null "bs=$1" count=1 2>/dev/null; }
      copy \(4 << 20) && echo small; exec dd if=/dev/zero of=/dev/null bs=\(160 << 20) count=1
      """
    let outcome = try runner.run(shell(script, limits))
    switch outcome.end {
    case .outOfMemory, .signalled(9): return [.memory, .memoryPerProcess]
    // A program that is refused memory leaves, or gives itself up: SIGABRT, SIGBUS, SIGSEGV.
    case .exited(1...), .signalled(6), .signalled(7), .signalled(11):
      return outcome.output.elementsEqual("small\n".utf8) ? [.memoryPerProcess] : []
    default: return []
    }
  }

  /// Starts more processes than the limit.
  private static func holdsProcesses(_ runner: SandboxRunner) throws -> Bool {
    let script = "i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done; echo all"
    let outcome = try runner.run(shell(script, limits))
    return !String(decoding: outcome.output, as: UTF8.self).hasSuffix("all\n")
  }
}

/// A file of the host that no sandbox shows.
private final class HostMarker {
  let path: String

  init() throws {
    var template = Array("/tmp/kafclaw-marker-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw ApplianceError.sandbox("cannot make a file in \"/tmp\"", errno) }
    close(file)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { unlink(path) }
}

/// The output of the self-test, read without trust.
struct SelfTestAnswer {
  private var status: [Substring: Substring] = [:]
  private var limits: [Substring] = []
  private var interfaces: [Substring] = []
  private var processes = 0
  private var tried: Set<Substring> = []

  init(_ text: String) {
    var section: Substring = "[status]"
    for line in text.split(separator: "\n") {
      if line.hasPrefix("[") {
        section = line
        continue
      }
      switch section {
      case "[status]":
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { status[parts[0]] = parts[1].drop { $0 == "\t" || $0 == " " } }
      case "[limits]": limits.append(line)
      case "[net]" where line.contains(":"):
        interfaces.append(line.split(separator: ":")[0].drop { $0 == " " })
      case "[processes]": processes += 1
      case "[tried]": tried.insert(line)
      default: break
      }
    }
  }

  func held(_ limits: SandboxLimits) -> Set<SandboxControl> {
    let capabilities = ["CapInh", "CapPrm", "CapEff", "CapAmb"].allSatisfy { name in
      status[Substring(name)]?.allSatisfy { $0 == "0" } == true
    }
    let isAlone = (1...4).contains(processes)
    let answers: [(SandboxControl, Bool)] = [
      (.filesystem, tried.contains("trying") && tried.isDisjoint(with: ["saw the host", "wrote"])),
      (.network, interfaces.isEmpty || interfaces == ["lo"]),
      (.processes, isAlone),
      (.capabilities, capabilities),
      (.noNewPrivileges, status["NoNewPrivs"] == "1"),
      (.seccomp, status["Seccomp"] == "2"),
      (.cpu, holds("Max cpu time", limits.cpuTime)),
      (.fileSize, holds("Max file size", limits.fileSize)),
      (.descriptors, holds("Max open files", limits.descriptors)),
      (.scratch, tried.isSuperset(of: ["trying", "kept"]) && !tried.contains("filled")),
    ]
    return Set(answers.filter(\.1).map(\.0))
  }

  private func holds(_ name: String, _ value: Int) -> Bool {
    limits.contains { line in
      line.hasPrefix(name)
        && line.dropFirst(name.count).split(separator: " ").prefix(2) == ["\(value)", "\(value)"]
    }
  }
}
