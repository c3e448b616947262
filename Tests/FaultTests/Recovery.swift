// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// What the world looks like when the appliance comes back after a fault.
enum Recovery: CaseIterable, Sendable {
  /// What was being applied is still the newest commit.
  case sameCommit
  /// The repository cannot be reached.
  case withoutSource
  /// The state before the fault is wanted again.
  case revertedCommit
  /// Something else is wanted by now.
  case nextCommit

  /// The newest commit by then, when `target` was being applied.
  func commit(_ target: FaultBench.Commit) -> FaultBench.Commit {
    switch self {
    case .sameCommit, .withoutSource: target
    case .revertedCommit: .reverted
    case .nextCommit: .third
    }
  }
}

/// What must hold after a fault, and after the run that follows it. Each complaint is a sentence.
struct Aftermath: Sendable {
  let bench: FaultBench
  /// What was being applied.
  var target = FaultBench.Commit.second
  /// The command that brings the appliance up again.
  var words = ["run", "--once"]

  /// Right after the fault, whatever became of the run: nothing is torn, nothing is of neither
  /// state, nothing runs.
  func complaints(after run: FaultRun, _ state: FaultState) async throws -> [String] {
    let image = try bench.image()
    let known = [try bench.image(.first), try bench.image(target)]
    var complaints = image.torn.map { "\($0) is torn" }
    complaints += image.strangers(to: known).map { "\($0) is as in neither state" }
    complaints += try bench.touchedForeignFiles().map { "\($0) is not ours and was touched" }
    if run.hangs { complaints.append("it hangs") }
    let processes = try state.processes
    if await !eventually(within: .seconds(10), { !processes.contains(where: Self.isAlive) }) {
      complaints.append("processes are left: \(processes.filter(Self.isAlive))")
    }
    return complaints
  }

  /// Brings the appliance up again and compares it with what is wanted now.
  func complaints(recovering recovery: Recovery) throws -> [String] {
    let run: FaultRun
    if recovery == .withoutSource {
      run = try bench.withoutSource { try bench.run(words) }
    } else {
      try bench.point(at: recovery.commit(target))
      run = try bench.run(words)
    }
    let image = try bench.image()
    var complaints = image.torn.map { "\($0) is torn" }
    complaints += try bench.touchedForeignFiles().map { "\($0) is not ours and was touched" }
    if run.hangs { complaints.append("it hangs") }
    complaints += try verdict(image, run, recovery)
    return complaints.map { "\(recovery): \($0)" }
  }

  private func verdict(
    _ image: HomeImage, _ run: FaultRun, _ recovery: Recovery
  ) throws -> [String] {
    let wanted = try bench.image(recovery.commit(target))
    let last = try bench.image(.first)
    let words = "exit \(run.result.code), \(run.lastWords)"
    let (isWanted, isLast) = (image.isSame(as: wanted), image.isSame(as: last))
    let isBad = recovery.commit(target) == .unhealthy
    if isWanted, !isBad, recovery != .withoutSource {
      return run.result.code == 0
        ? try settled(recovery) : ["what is wanted is there, yet: \(words)"]
    }
    guard isLast || (isWanted && !isBad) else {
      let strange = [wanted, last].map { image.strangers(to: [$0]).joined(separator: ", ") }
      return ["a mixture: \(strange[0]) not as wanted, \(strange[1]) not as before; \(words)"]
    }
    // Another state than the wanted one is fine only when the program says so.
    return run.result.code != 0 && !run.result.errors.isEmpty
      ? [] : ["the last good state is kept without a word: \(words)"]
  }

  /// Nothing more would be done, and the history knows the commit.
  func settled(_ recovery: Recovery) throws -> [String] {
    let plan = try bench.run(["apply", "--dry-run", "--json"])
    let document = try JSONDecoder().decode(
      PlanDocument.self, from: Data(plan.result.output.utf8))
    var complaints = document.changes.map { change in
      "\(change.address) would be changed: \(change.actions) \(change.blocked ?? "")"
    }
    // A commit that asks for what is there already is no news.
    guard recovery != .revertedCommit else { return complaints }
    let history = try bench.run(["history", "--json"])
    let entries = try JSONDecoder().decode(
      HistoryDocument.self, from: Data(history.result.output.utf8)
    ).entries
    let id = try bench.id(of: recovery.commit(target))
    if !entries.contains(where: { $0.commit == id && $0.outcome == "applied" }) {
      complaints.append("the history does not know that \(id.prefix(12)) was applied")
    }
    return complaints
  }

  private struct PlanDocument: Decodable {
    struct Change: Decodable {
      let address: String
      let actions: [String]
      let blocked: String?
    }
    let changes: [Change]
  }

  private struct HistoryDocument: Decodable {
    struct Entry: Decodable {
      let commit: String?
      let outcome: String
    }
    let entries: [Entry]
  }

  /// Whether a process runs; one that has ended and was not reaped yet does not.
  private static func isAlive(_ pid: Int32) -> Bool {
    guard kill(pid, 0) == 0 || errno == EPERM else { return false }
    // `try?`: it ended meanwhile.
    let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
    let fields = text.split(separator: ")").last?.split(separator: " ")
    return fields?.first.map { $0 != "Z" && $0 != "X" } ?? false
  }
}
