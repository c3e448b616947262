// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// The way from a tip back to what was trusted before, by first parents.
struct HistoryTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository
  private let tree: String

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
    tree = try origin.tree(files: ["kafclaw.yaml": "one"])
  }

  private func commit(after parents: String..., message: String) throws -> String {
    let words = ["commit-tree", tree] + parents.flatMap { ["-p", $0] }
    let commit = try origin.git(words, input: Data(message.utf8))
    try origin.git("update-ref", "refs/heads/main", commit)
    return commit
  }

  private func parents(
    from tip: String, until bases: Set<String>, limit: Int = 100_000
  ) throws -> [String] {
    try GitClone(lookingAt: origin.path).firstParents(from: tip, until: bases, limit: limit)
  }

  private func expectRewritten(from tip: String, until bases: Set<String>) {
    let error = #expect(throws: ApplianceError.self) { try parents(from: tip, until: bases) }
    #expect(error?.code == .gitHistoryRewritten)
    #expect(error?.message.contains(tip) == true)
  }

  @Test func listsTheNewestFirstWithoutTheBase() throws {
    var commits = [try commit(message: "0")]
    for number in 1...5 {
      commits.append(try commit(after: commits[number - 1], message: "\(number)"))
    }
    let newestFirst = Array(commits.reversed())
    for (distance, base) in newestFirst.enumerated() {
      #expect(try parents(from: commits[5], until: [base]) == Array(newestFirst[..<distance]))
    }
    #expect(
      try parents(from: commits[5], until: [commits[1], commits[3]]) == [commits[5], commits[4]])
  }

  @Test func refusesWhatDoesNotDescendFromABase() throws {
    let root = try commit(message: "root")
    let first = try commit(after: root, message: "first")
    let second = try commit(after: first, message: "second")
    let other = try commit(after: root, message: "other")
    let anew = try commit(message: "anew")
    expectRewritten(from: first, until: [second])
    expectRewritten(from: other, until: [first, second])
    expectRewritten(from: anew, until: [root])
    expectRewritten(from: second, until: [String(repeating: "1", count: 40)])
    expectRewritten(from: second, until: [])
  }

  /// A merge can make any commit an ancestor: only the first parent is the branch itself.
  @Test func followsFirstParentsOnly() throws {
    let root = try commit(message: "root")
    let side = try commit(after: root, message: "side")
    let other = try commit(message: "other")
    let merge = try commit(after: other, side, message: "merge")
    expectRewritten(from: merge, until: [side])
    expectRewritten(from: merge, until: [root])
    #expect(try parents(from: merge, until: [other]) == [merge])
  }

  @Test func stopsAtItsLimit() throws {
    var commits = [try commit(message: "0")]
    for number in 1...4 {
      commits.append(try commit(after: commits[number - 1], message: "\(number)"))
    }
    #expect(try parents(from: commits[4], until: [commits[0]], limit: 4).count == 4)
    let error = #expect(throws: ApplianceError.self) {
      try parents(from: commits[4], until: [commits[0]], limit: 3)
    }
    #expect(error?.code == .sourceRefused)
  }

  @Test func tellsOfALackingParent() throws {
    let nothing = String(repeating: "1", count: 40)
    let text = """
      tree \(tree)
      parent \(nothing)
      author A <a@example.org> 1750000000 +0000
      committer A <a@example.org> 1750000000 +0000

      text

      """
    let tip = try origin.git(
      "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input: Data(text.utf8))
    let error = #expect(throws: ApplianceError.self) { try parents(from: tip, until: [tree]) }
    #expect(error?.code == .gitDamaged)
    #expect(error?.message.contains(nothing) == true)
    #expect(try parents(from: tip, until: [nothing]) == [tip])
  }

  /// Every pass asks this; the requirement is 100 ms for 10,000 commits.
  @Test func isFastOverALongHistory() throws {
    let count = 10_000
    var stream = ""
    for number in 1...count {
      stream += "commit refs/heads/main\nmark :\(number)\n"
      stream += "committer A <a@example.org> \(1_750_000_000 + number) +0000\ndata 1\nx\n"
      if number > 1 { stream += "from :\(number - 1)\n" }
    }
    try origin.git("fast-import", "--quiet", input: Data(stream.utf8))
    let tip = try origin.git("rev-parse", "main")
    let base = try origin.git("rev-list", "--max-parents=0", "main")
    let clone = folder("clone.git")
    try GitReader.fetch(try RemoteAddress(origin.path), branch: "main", into: clone)
    let times = try (0..<5).map { _ in
      let opened = try GitClone(opening: clone)
      var commits: [String] = []
      let start = threadTime()
      commits = try opened.firstParents(from: tip, until: [base])
      #expect(commits.count == count - 1)
      return threadTime() - start
    }
    let best = times.min() ?? 1
    print("first parents of \(count) commits: \(Int(best * 1_000)) ms")
    // Tests are not optimised, which takes several times as long.
    #expect(best < 0.5)
  }

  /// What this thread has computed, whatever else the machine does. Seconds.
  private func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
