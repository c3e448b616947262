// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Timeline

/// Looking into a timeline that nobody has open, and leaving no trace.
struct InspectionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("state")
  }

  private static let rules = AccessRules(
    owners: ["U9"], internal: ["U8"], denied: ["U7"],
    channels: [
      "team": AccessRules.Channel(
        groupPolicy: .open, requireMention: false, sessionScope: .room, allow: ["U1", "U2"],
        deny: ["U3"], tools: ToolNarrowing(deny: ["group:web"], allow: ["exec"])),
      "ops": AccessRules.Channel(dmPolicy: .open),
    ],
    tools: ToolPolicy(tiers: [.owner: .highRisk, .external: .read], approvals: ["exec"]))

  private static func fill(_ store: TimelineStore) async throws {
    for (name, channel) in rules.channels { try await store.setChannel(name, channel) }
    try await store.setSenders(
      owners: rules.owners, internal: rules.internal, denied: rules.denied)
    try await store.setToolPolicy(rules.tools)
  }

  /// Looks at `name` in `state` and finds every file there as it was.
  private func inspect(_ name: String = "timeline.db") throws -> AccessRules? {
    let before = try folder.contents(of: "state")
    let found = try TimelineInspection.accessRules(path: folder("state/\(name)"))
    let after = try folder.contents(of: "state")
    #expect(after.keys.sorted() == before.keys.sorted())
    #expect(after == before)
    return found
  }

  /// A database of which nothing waits in a log.
  private func makeClean(_ name: String = "timeline.db") async throws {
    try await withStore(folder("clean.db")) { try await Self.fill($0) }
    try FileManager.default.copyItem(atPath: folder("clean.db"), toPath: folder("state/\(name)"))
  }

  /// What a crash leaves: the files as they are while the store is open.
  private func makeCrashed() async throws {
    try await withStore(folder("open.db")) { store in
      try await Self.fill(store)
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(
          atPath: folder("open.db\(suffix)"), toPath: folder("state/timeline.db\(suffix)"))
      }
    }
  }

  @Test func findsNothingWhereNothingIs() throws {
    #expect(try inspect() == nil)
    #expect(try inspect("absent/timeline.db") == nil)
  }

  @Test func readsACleanDatabase() async throws {
    try await makeClean()
    #expect(try inspect() == Self.rules)
    #expect(try inspect() == Self.rules)
    #expect(try folder.contents(of: "state").keys.sorted() == ["timeline.db"])
  }

  @Test(arguments: ["a b.db", "100%.db", "%41.db", "who?.db", "part#1.db", "größe.db", "a&b=c.db"])
  func readsADatabaseWithAnUnusualName(name: String) async throws {
    try await makeClean(name)
    #expect(try inspect(name) == Self.rules)
    #expect(try folder.contents(of: "state").keys.sorted() == [name])
  }

  @Test func readsACleanDatabaseThatCannotBeWritten() async throws {
    try await makeClean()
    #expect(chmod(folder("state/timeline.db"), 0o400) == 0)
    #expect(chmod(folder("state"), 0o500) == 0)
    defer { chmod(folder("state"), 0o700) }
    #expect(try inspect() == Self.rules)
  }

  @Test func readsWhatACrashLeftInTheLog() async throws {
    try await makeCrashed()
    #expect(try inspect() == Self.rules)
    #expect(try folder.contents(of: "state").keys.sorted() == ["timeline.db", "timeline.db-wal"])
    try FileManager.default.removeItem(atPath: folder("state/timeline.db-wal"))
    #expect(try inspect() != Self.rules, "the log held nothing, so this test shows nothing")
  }

  @Test func aTornLogGivesWhatWasCommitted() async throws {
    try await makeCrashed()
    let log = folder("state/timeline.db-wal")
    let bytes = try Data(contentsOf: URL(filePath: log))
    try (bytes + Data(repeating: 0xA5, count: 4_000)).write(to: URL(filePath: log))
    #expect(try inspect() == Self.rules)
    try Data().write(to: URL(filePath: log))
    #expect(try inspect() != nil)
  }

  @Test func readsADatabaseThatHasNoTablesYet() throws {
    try Data().write(to: URL(filePath: folder("state/timeline.db")))
    #expect(try inspect() == AccessRules())
  }

  @Test func refusesADamagedDatabase() throws {
    try Data(repeating: 0x41, count: 8_192).write(to: URL(filePath: folder("state/timeline.db")))
    let error = #expect(throws: ApplianceError.self) { try inspect() }
    #expect(error?.code == .timelineFailed)
  }

  @Test func leavesNoCopyBehind() async {
    await #expect(processExitsWith: .success) {
      let test = try InspectionTests()
      try await test.makeCrashed()
      try test.folder.makeFolder("tmp")
      setenv("TMPDIR", test.folder("tmp"), 1)
      #expect(FileManager.default.temporaryDirectory.path == test.folder("tmp"))
      #expect(try test.inspect() == InspectionTests.rules)
      #expect(try test.folder.contents(of: "tmp").isEmpty)
    }
  }
}
