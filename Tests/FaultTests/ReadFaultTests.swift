// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

extension FaultSuites {
  /// A read that fails is no absence: nothing is deleted, nothing is made anew, and status says so.
  struct ReadFaultTests {
    /// What a pass of a running appliance cannot look at stays as it is, whatever is wanted.
    @Test(.timeLimit(.minutes(5)))
    func whatCannotBeReadIsLeftAlone() async throws {
      let bench = try FaultBench.shared()
      let files = ["config.json", "workspace/AGENTS.md", "workspace/old/NOTES.md"]
      for (index, file) in files.enumerated() {
        for error in errors(index) { try await leaveAlone(file, error, bench) }
      }
    }

    private func leaveAlone(_ file: String, _ error: Int32, _ bench: FaultBench) async throws {
      try bench.reset(waiting: .first)
      let state = try bench.state()
      let program = try await RunningProgram(bench, under: state)
      try state.arm(lasting(error, .looks, file), at: 1)
      let before = try bench.ownFiles()
      _ = try bench.run(["reconcile"])
      #expect(try state.hits > 0, "\(file)")
      #expect(try bench.ownFiles() == before, "\(file)")
      try expectDegraded(program, naming: file)
      // Also when the newest commit changes or removes it.
      try bench.point(at: .second)
      _ = try bench.run(["reconcile"])
      #expect(try bench.ownFiles()[file] == before[file], "\(file)")
      try expectDegraded(program, naming: file)
      try state.disarm()
      try expectSecond(bench, program)
    }

    /// Rows are read from memory until somebody else writes to the database.
    @Test(.timeLimit(.minutes(5)))
    func rowsThatCannotBeReadAreLeftAlone() async throws {
      let bench = try FaultBench.shared()
      for error in errors(0) {
        try bench.reset(waiting: .first)
        let state = try bench.state()
        let program = try await RunningProgram(bench, under: state)
        try bench.addSender("mallory")
        try state.arm(lasting(error, [.open, .read], "timeline.db"), at: 1)
        let before = try bench.image()
        _ = try bench.run(["reconcile"])
        #expect(try state.hits > 0)
        #expect(try bench.image() == before)
        try expectDegraded(program, naming: "senders/")
        try state.disarm()
        try bench.point(at: .second)
        try expectSecond(bench, program)
      }
    }

    /// A plan of a stopped appliance never takes what it cannot read for something to be made.
    @Test(.timeLimit(.minutes(5)))
    func aPlanDoesNotTakeAFailedLookForAbsence() throws {
      let bench = try FaultBench.shared()
      try bench.reset(waiting: .first)
      let files = ["config.json", "workspace/AGENTS.md", "workspace/old/NOTES.md", "timeline.db"]
      for (index, file) in files.enumerated() {
        for error in errors(index) {
          for operation in [FileOperations.open, .read, .examine] {
            let state = try bench.state()
            try state.arm(lasting(error, operation, file), at: 1)
            try expectSober(
              try bench.run(["apply", "--dry-run"], under: state), "\(operation.name) of \(file)")
          }
        }
      }
    }

    private func expectSober(_ run: FaultRun, _ place: String) throws {
      let text = run.result.output
      let makes = text.split(separator: "\n").filter { line in
        line.hasPrefix("  + ") || line.hasPrefix("  - ")
      }
      #expect(makes.isEmpty, "\(place): \(makes)")
      let isSure = text.contains("No changes.") || run.result.code != 0
      #expect(isSure || text.contains("cannot be read"), "\(place): \(text)")
    }

    /// Both errors in an exhaustive run, else one after the other.
    private func errors(_ index: Int) -> [Int32] {
      FaultSuites.isExhaustive ? [EACCES, EIO] : [index % 2 == 0 ? EACCES : EIO]
    }

    private func lasting(_ error: Int32, _ operations: FileOperations, _ part: String) -> Fault {
      Fault(
        description: "", effect: .error, error: error, isLasting: true, operations: operations,
        part: part)
    }

    private func expectDegraded(_ program: RunningProgram, naming name: String) throws {
      let conditions = try program.status().conditions
      let degraded = conditions.first { $0.type == "Degraded" }
      #expect(degraded?.message.contains(name) == true, "\(conditions)")
    }

    private func expectSecond(_ bench: FaultBench, _ program: RunningProgram) throws {
      let run = try bench.run(["reconcile"])
      #expect(run.result.code == 0, "\(run.lastWords)")
      #expect(try !program.status().conditions.contains { $0.type == "Degraded" })
      program.stop()
      let strangers = try bench.image().strangers(to: [try bench.image(.second)])
      #expect(strangers.isEmpty)
    }
  }
}

extension FaultBench {
  /// Lets somebody in behind the appliance's back.
  fileprivate func addSender(_ name: String) throws {
    let script = """
      import sqlite3, sys
      c = sqlite3.connect(sys.argv[1], timeout=10)
      c.execute("INSERT INTO channel_sender VALUES ('web', ?)", (sys.argv[2],))
      c.commit()
      """
    let result = try Program.command(
      ["python3", "-c", script, "\(home)/.kafclaw/timeline.db", name])
    guard result.code == 0 else { throw SetupFailure(message: result.errors) }
  }
}
