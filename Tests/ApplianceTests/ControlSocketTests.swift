// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Who may be an operator: the owner, from outside of the appliance.
@Suite(.serialized) struct ControlSocketTests {
  private let appliance: RunningAppliance
  private let folder: String

  init() throws {
    appliance = try RunningAppliance(name: "socket")
    folder = try appliance.scratch.folder("callers")
    for name in ["go", "leave"] { try Program.command(["mkfifo", "\(folder)/\(name)"]) }
    try appliance.scratch.write(
      "callers/ask",
      """
      cd "\(folder)"
      read word < go
      "\(Program.path)" status > told 2>&1
      echo $? > code
      """)
  }

  /// Waits for `go`, then asks for the status; leaves what it was told and its exit code.
  private var caller: String { "timeout 60 sh \(folder)/ask" }

  /// Lets whoever waits at a pipe go on.
  private func tell(_ name: String) throws {
    try Program.command(["sh", "-c", "echo > \(folder)/\(name)"])
  }

  private func text(_ name: String) -> String? {
    // `try?`: a file that is not there yet.
    try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  /// What the caller was told, once it was let go.
  private func answer() async throws -> (code: String, told: String) {
    try tell("go")
    #expect(await eventually { text("code")?.hasSuffix("\n") == true })
    return (text("code") ?? "", text("told") ?? "")
  }

  private func parent(of pid: Int32) throws -> Int32? {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("PPid:") }
    return line?.split(separator: "\t").last.flatMap { Int32($0) }
  }

  private func requireRefused() async throws {
    let (code, told) = try await answer()
    #expect(code == "1\n")
    #expect(told.contains("processes of the appliance may not use this socket"))
    #expect(!told.contains("ready"))
  }

  @Test func processOfTheApplianceIsRefused() async throws {
    try await appliance.startReady(through: ["sh", "-c", "\(caller) & exec \"$@\"", "sh"])
    try await requireRefused()
    appliance.stop()
  }

  /// A descendant whose parent has ended stays below the supervisor, and is not taken for somebody
  /// whom the appliance never started.
  @Test func orphanOfTheApplianceIsRefused() async throws {
    let parent = "(\(caller) & echo $! > \(folder)/orphan; read word < \(folder)/leave)"
    try await appliance.startReady(through: ["sh", "-c", "\(parent) & exec \"$@\"", "sh"])
    let orphan = try #require(
      text("orphan").flatMap { Int32($0.trimmingCharacters(in: .newlines)) })
    let before = try self.parent(of: orphan)
    try tell("leave")
    #expect(try await eventually { try self.parent(of: orphan) != before })
    try await requireRefused()
    #expect(appliance.stop() == 0)
  }

  /// An operator's own job may have lost its terminal.
  @Test func orphanOfSomebodyElseIsAnswered() async throws {
    try await appliance.startReady()
    let start = "import subprocess, sys; subprocess.Popen(sys.argv[1:])"
    let words = ["env", "KAFCLAW_HOME=\(appliance.home)", "sh", "-c", caller]
    try Program.command(["python3", "-c", start] + words)
    let (code, told) = try await answer()
    #expect(code == "0\n", "\(told)")
    appliance.stop()
  }

  @Test func otherUserIsRefused() async throws {
    guard geteuid() == 0 else { return }
    try await appliance.startReady()
    let refused = try Program.run(["status"], home: appliance.home, asRoot: true)
    #expect(refused.code == 1)
    #expect(refused.errors.contains("only the owner of the appliance may use this socket"))
    appliance.stop()
  }
}
