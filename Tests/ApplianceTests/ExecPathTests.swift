// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What got around the checks of other agents' shells, from a message to what is left behind: with
/// every program and tool at hand, nothing outside of the two folders is read or changed.
@Suite(
  .serialized, .enabled(if: ExecPath.isUsable, "bubblewrap cannot be used here"),
  ExecPath.scope)
struct ExecPathTests {
  private typealias Question = RunningAppliance.Question

  private let appliance: RunningAppliance
  private let bait: Bait

  init() throws {
    appliance = try #require(ApplianceScope.current)
    bait = Bait(of: appliance)
    try bait.layLinks()
  }

  /// Makes the agent call tools, some of them in one turn.
  ///
  /// - Returns: Everything it replied.
  private func call(_ calls: [[Any]], session: String) async throws -> String {
    var replies: [String] = []
    for start in stride(from: 0, to: calls.count, by: 30) {
      let some = Array(calls[start..<min(start + 30, calls.count)])
      var question = Question(
        "/calls \(try Question.json(some))", from: "olga", in: "\(session)-\(start)")
      question.isAsync = true
      replies.append(try await appliance.reply(to: try await appliance.ask(question)))
    }
    return replies.joined(separator: "\n")
  }

  private func exec(_ profile: String, _ arguments: [String]) -> [Any] {
    ["exec", ["profile": profile, "arguments": arguments] as [String: Any]]
  }

  @Test("no command leads out of the sandbox, and nothing of it stays")
  func commandsStayInside() async throws {
    let before = try bait.state()
    let profiles = ExecPath.programs.sorted()
    var calls: [[Any]] = []
    for (index, command) in BypassCorpus.commands.enumerated() {
      // As one argument, and cut into words for the program that it names.
      calls.append(exec(profiles[index % profiles.count], [command]))
      for part in command.split(separator: ";") {
        let words = part.split(separator: " ").map { $0.filter { $0 != "'" } }.map { String($0) }
        guard let first = words.first, profiles.contains(first) else { continue }
        calls.append(exec(first, Array(words.dropFirst())))
      }
    }
    let folder = bait.folder
    calls += [
      exec("cat", bait.files + [bait.tombKey, "/etc/shadow"]),
      exec("cat", ["/proc/self/environ"]), exec("cat", ["/proc/1/environ"]),
      exec("ls", ["-laR", folder, "/home", "/root", "/tmp"]),
      exec("grep", ["-ra", "canary", folder, "/proc/self", "/proc/1", "/tmp", "/etc", "/home"]),
      exec("find", ["/", "-xdev", "-name", "*canary*"]),
      exec("rm", ["-rf"] + bait.files + [folder]),
      exec("sed", ["-i", "s/canary/gone/"] + bait.files),
      exec("git", ["-C", folder, "init"]), exec("find", [folder, "-delete"]),
      exec("perl", ["-e", "print `env; cat \(folder)/*; ps ax`, %ENV"]),
      exec("perl", ["-e", "open F, '>', $_ and print F 1 for @ARGV"] + bait.files),
    ]
    let replies = try await call(calls, session: "commands")
    #expect(try bait.found(in: replies) == [])
    // A secret that was taken out of a reply was read all the same.
    #expect(!replies.contains("withheld"), "\(replies)")
    #expect(try bait.state() == before)
    #expect(replies.contains("tomb.rr: No such file or directory"))
  }

  @Test("whatever a command starts ends with it")
  func processesEnd() async throws {
    let mark = "\(UInt32.random(in: 1_000_000...9_999_999))"
    let script = """
      use POSIX; for (1..5) { next if fork; POSIX::setsid(); $SIG{$_} = 'IGNORE' for qw(TERM HUP INT);
      fork and exit; exec 'sleep', '\(mark)' } print 'left'
      """.replacingOccurrences(of: "\n", with: " ")
    let replies = try await call(
      [
        exec("perl", ["-e", script]), exec("sleep", [mark]),
        exec("perl", ["-e", "fork while 1", mark]),
      ], session: "processes")
    #expect(replies.contains("left"), "\(replies)")
    #expect(replies.contains("took too long and was killed"), "\(replies)")
    let left = try ExecPath.processes().filter { $0.value.contains(mark) }
    #expect(left.isEmpty, "\(left)")
    let status = try appliance.status()
    #expect(status.ready)
    let components = Set(status.components.compactMap(\.pid))
    #expect(try ExecPath.children(of: Int(appliance.supervisor)) == components)
  }

  @Test("containment ends what runs, and not only what would begin")
  func containmentEnds() async throws {
    let mark = "\(UInt32.random(in: 1_000_000...9_999_999))"
    func isRunning() -> Bool {
      // `try?`: what cannot be looked at is looked at again.
      (try? ExecPath.processes().values.contains { $0.contains(mark) }) ?? true
    }
    var question = Question(
      "/calls \(try Question.json([exec("wait", [mark])]))", from: "olga", in: "contained")
    question.isAsync = true
    let asked = try await appliance.ask(question)
    #expect(await eventually { isRunning() })
    let contained = try appliance.run(
      "incident", "contain", "--level", "tools", "--keep-token", "--reason", "it runs")
    #expect(contained.code == 0, "\(contained)")
    #expect(await eventually { !isRunning() })
    let reply = try await appliance.reply(to: asked)
    #expect(try appliance.run("incident", "lift", "--reason", "over").code == 0)
    #expect(reply.contains("an operator took tools away"), "\(reply)")
    let failed = try appliance.run("audit", "show", "--outcome", "failed").output
    #expect(failed.contains("incident.contained"), "\(failed)")
  }

  @Test("no path leads a file tool out of the two folders")
  func pathsStayInside() async throws {
    let before = try bait.state()
    let paths = (["a/note.md"] + BypassCorpus.linkedPaths + BypassCorpus.paths + bait.files).flatMap
    {
      [$0, "work-repo/" + $0]
    }
    let looks: [[Any]] = paths.flatMap { path -> [[Any]] in
      [
        ["read_file", ["path": path]], ["list_dir", ["path": path]],
        ["search_files", ["text": "canary", "path": path]],
        ["edit_file", ["path": path, "old": "canary", "new": "gone"]],
      ]
    }
    // A link that is written to becomes a file: those that lead through one come first.
    let deepest = paths.sorted { $0.split(separator: "/").count > $1.split(separator: "/").count }
    let writes: [[Any]] = deepest.map { ["write_file", ["path": $0, "content": "written"]] }
    let replies = try await call(looks + writes, session: "paths")
    #expect(try bait.found(in: replies) == [])
    #expect(!replies.contains("root:") && !replies.contains("withheld"))
    #expect(try bait.state() == before)
    #expect(replies.contains("read_file: note"))
  }
}

/// What an attacker would like to read or change.
private struct Bait {
  let appliance: RunningAppliance
  let folder: String
  let files: [String]

  init(of appliance: RunningAppliance) {
    self.appliance = appliance
    folder = appliance.scratch.path
    let home = appliance.home
    files = [
      "\(folder)/secret", "\(home)/.ssh/id_ed25519", "\(home)/.kafclaw/canary.txt",
      "\(home)/.config/kafclaw/env",
    ]
  }

  var tombKey: String { "\(appliance.home)/.config/kafclaw/tomb.rr" }

  static func lay(_ appliance: RunningAppliance) throws {
    for file in Bait(of: appliance).files {
      let name = String(file.dropFirst(appliance.scratch.path.count + 1))
      try appliance.scratch.write(name, "# canary-\(UUID().uuidString)-\(UUID().uuidString)\n")
      chmod(file, 0o600)
    }
  }

  /// Fills the two folders with links out of them; nothing of an earlier test stays there.
  func layLinks() throws {
    for inside in ["workspace", "work-repo"] {
      let place = "\(appliance.home)/.kafclaw/\(inside)"
      for name in try FileManager.default.contentsOfDirectory(atPath: place) {
        try FileManager.default.removeItem(atPath: "\(place)/\(name)")
      }
      try appliance.scratch.write("home/.kafclaw/\(inside)/a/note.md", "note")
      for (name, target) in BypassCorpus.links(to: folder) {
        try FileManager.default.createSymbolicLink(
          atPath: "\(place)/\(name)", withDestinationPath: target)
      }
    }
  }

  /// The content of every file that is to stay as it is.
  func state() throws -> [String: Data?] {
    let others = [tombKey, "\(appliance.home)/.kafclaw/config.json", "/etc/passwd"]
    return Dictionary(
      uniqueKeysWithValues: (files + others).map { ($0, FileManager.default.contents(atPath: $0)) })
  }

  func found(in text: String) throws -> [String] {
    var hunt = CanaryHunt()
    hunt.add("token", appliance.token)
    for file in files {
      let content = try #require(FileManager.default.contents(atPath: file))
      hunt.add(file, String(String(decoding: content, as: UTF8.self).dropFirst(2).dropLast()))
    }
    hunt.look(at: text, called: "replies")
    return hunt.found
  }
}

enum ExecPath {
  static let programs = ["cat", "find", "git", "grep", "ls", "perl", "rm", "sed", "sleep"]
    .filter { FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)") }

  static let isUsable: Bool = {
    // `try?`: what cannot be started cannot be used.
    let result = try? Program.command(
      ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "/usr/bin/true"])
    return result?.code == 0
  }()

  static var scope: ApplianceScope {
    .appliance("exec") { appliance in
      let profiles = programs.map { name in
        let limits = name == "sleep" || name == "perl" ? ", timeout: 3s, processes: 32" : ""
        return "      \(name): {binary: /usr/bin/\(name)\(limits)}\n"
      }
      let patient = "      wait: {binary: /usr/bin/sleep, timeout: 5m}\n"
      let text = """
        senders: {owners: [olga], limits: {messagesPerMinute: 6000, burst: 6000}}
        agent: {maxToolIterations: 100}
        skills: {sandbox: bubblewrap}
        tools:
          taint: {files: high-risk}
          approvals: {require: []}
          exec:
            profiles:

        """
      #expect(try appliance.run("tomb", "init").code == 0)
      let set = try Program.run(
        ["tomb", "set", "bait"], home: appliance.home, input: "canary-\(UUID().uuidString)")
      #expect(set.code == 0, "\(set.errors)")
      try appliance.repository.commit([
        "kafclaw.yaml": appliance.yaml(text + profiles.joined() + patient)
      ])
      try Bait.lay(appliance)
    }
  }

  /// Command lines of all processes.
  static func processes() throws -> [Int: String] {
    var lines: [Int: String] = [:]
    for pid in try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap({ Int($0) })
    {
      let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      lines[pid] = String(decoding: data, as: UTF8.self)
    }
    return lines
  }

  static func children(of parent: Int) throws -> Set<Int> {
    Set(
      try processes().keys.filter { pid in
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
        let text = String(decoding: data, as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > 2 && Int(fields[2]) == parent
      })
  }
}
