// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Doctor

/// Programs of the operating system under limits.
struct HostProgramRunTests {
  private func shell(_ text: String) -> ProgramRun {
    ProgramRun(path: "/bin/sh", arguments: ["-c", text])
  }

  private func failure(of run: ProgramRun) async -> ApplianceError.Code? {
    do {
      _ = try await run.run()
      return nil
    } catch {
      return ApplianceError.of(error).code
    }
  }

  @Test func outputAndStatusAreTold() async throws {
    let outcome = try await shell("echo out; echo err >&2; exit 3").run()
    #expect(outcome == .init(status: 3, output: Array("out\n".utf8)))
  }

  @Test func environmentAndInputAreItsOwn() async throws {
    let outcome = try await shell("cat; env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= | sort").run()
    let text = String(decoding: outcome.output, as: UTF8.self)
    #expect(text == "LC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n")
  }

  @Test func argumentsReachItAsTheyAre() async throws {
    let run = ProgramRun(path: "/bin/echo", arguments: ["$HOME; `id`", "*"])
    #expect(try await run.run().output == Array("$HOME; `id` *\n".utf8))
  }

  @Test(arguments: ["sleep 60", "exec >&-; sleep 60", "while :; do echo x; done"])
  func whatDoesNotEndIsKilled(text: String) async {
    var run = shell(text)
    (run.limit, run.outputLimit) = (.milliseconds(200), .max)
    #expect(await failure(of: run) == .programFailed)
  }

  @Test func muchOutputIsRefused() async {
    var run = shell("yes")
    run.outputLimit = 100_000
    #expect(await failure(of: run) == .programFailed)
  }

  @Test func signalsAndMissingProgramsAreFailures() async {
    #expect(await failure(of: shell("kill -9 $$")) == .programFailed)
    #expect(await failure(of: ProgramRun(path: "/nowhere", arguments: [])) == .programFailed)
  }

  @Test func manyRunAtOnce() async throws {
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for number in 0..<20 { group.addTask { try await shell("echo \(number)").run().output } }
      var seen: Set<[UInt8]> = []
      for try await output in group { seen.insert(output) }
      #expect(seen.count == 20)
    }
  }
}
