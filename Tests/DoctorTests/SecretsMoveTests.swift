// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing
import Tomb

@testable import Doctor

/// The way of a secret from the `env` file into the tomb.
struct SecretsMoveTests {
  /// Another process of the same host, which has opened nothing yet.
  private static func bytes(_ name: String, in builder: HostBuilder) throws -> [UInt8]? {
    let tomb = TombStore(TombFiles(builder.paths), SlotOpener(.local))
    guard let entry = try tomb.list().first(where: { $0.name == "env/\(name)" }) else { return nil }
    return try tomb.value(entry.name, for: entry.consumers.first ?? "gateway")
      .withBytes { Array($0) }
  }

  private func put(_ bytes: [UInt8], _ builder: HostBuilder) throws {
    try DurableFile.replace(builder.paths.environmentFile, with: bytes)
  }

  private func file(_ builder: HostBuilder) throws -> [UInt8] {
    try DurableFile.read(builder.paths.environmentFile, limit: 1 << 21)
  }

  /// Lines that give `A_TOKEN` a value, and what they resolve to.
  private static let texts: [(lines: String, value: String)] = [
    ("A_TOKEN=x\n", "x"), ("A_TOKEN=x", "x"), ("A_TOKEN=x\r\n", "x"), ("A_TOKEN=x \t \n", "x"),
    ("A_TOKEN= x\n", " x"), (" \tA_TOKEN=x\n", "x"), ("export A_TOKEN=x\n", "x"),
    ("export \t A_TOKEN='x'\n", "x"), ("A_TOKEN=\"x\"\n", "x"), ("A_TOKEN='x'\r\n", "x"),
    ("A_TOKEN=\"\"x\"\"\n", "\"x\""), ("A_TOKEN='x\"\n", "'x\""), ("A_TOKEN=x'y\n", "x'y"),
    ("A_TOKEN='\n", "'"), ("A_TOKEN=\" x \"\n", " x "), ("A_TOKEN=\"x\" # y\n", "\"x\" # y"),
    ("A_TOKEN=x#y\n", "x#y"), ("A_TOKEN=x=y==\n", "x=y=="), ("A_TOKEN==\n", "="),
    ("A_TOKEN=x y z\n", "x y z"), ("A_TOKEN=x\\\n", "x\\"), ("A_TOKEN=x\\n\\t\n", "x\\n\\t"),
    ("A_TOKEN=$HOME ${X} `y` $(z)\n", "$HOME ${X} `y` $(z)"), ("A_TOKEN=zoë ✓\n", "zoë ✓"),
    ("A_TOKEN=x\0y\n", "x\0y"), ("A_TOKEN=x\r y\n", "x\r y"),
    ("A_TOKEN=\nA_TOKEN=''\nA_TOKEN=x\nA_TOKEN=\"x\"\n", "x"),
    ("A_TOKEN=x\nexport A_TOKEN=x\n", "x"),
  ]

  private static let others: [(lines: [UInt8], value: [UInt8])] = [
    (line([0xFF, 0xFE, 0x00, 0xC3]), [0xFF, 0xFE, 0x00, 0xC3]),
    (line([0x27, 0x80, 0x20, 0x27]), [0x80, 0x20]),
    (line([UInt8](repeating: 0x78, count: 64 << 10)), [UInt8](repeating: 0x78, count: 64 << 10)),
  ]

  private static func line(_ value: [UInt8]) -> [UInt8] {
    Array("A_TOKEN=".utf8) + value + [0x0A]
  }

  static let values: [(lines: [UInt8], value: [UInt8])] =
    texts.map { (Array($0.lines.utf8), Array($0.value.utf8)) } + others

  @Test(arguments: values.indices)
  func theTombHasWhatTheFileResolvedTo(index: Int) async throws {
    let (lines, value) = Self.values[index]
    // In front of, between and behind what stays.
    let rest = ["# A_TOKEN=comment\r\n", "\n\t\nB='1' \nno assignment\n", "C=2\n# end"]
      .map { Array($0.utf8) }
    let isLast = lines.last != 0x0A
    let builder = try HostBuilder()
    try builder.createTomb()
    try put(rest[0] + rest[1] + (isLast ? [] : lines + rest[2] + [0x0A]) + lines, builder)
    #expect(await builder.examine(.envSecrets).status == .fail)
    let report = await builder.repair(.envSecrets)
    #expect(report.steps.map(\.outcome) == [.done], "\(report.steps)")
    #expect(try Self.bytes("A_TOKEN", in: builder) == value)
    #expect(try file(builder) == rest[0] + rest[1] + (isLast ? [] : rest[2] + [0x0A]))
    #expect(builder.mode(of: builder.paths.environmentFile) == 0o600)
    #expect(await builder.examine(.envSecrets).isPass)
    #expect(await builder.repair(.envSecrets).steps.isEmpty)
  }

  @Test func manyAreMovedTogether() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    let names = (0..<12).map { "SERVICE_\($0)_TOKEN" }
    let lines = names.map { "export \($0)='value of \($0)'\nSETTING_\($0.count)_\($0.hash)=1\n" }
    try builder.writeEnvironment(lines.joined())
    let report = await builder.repair(.envSecrets)
    #expect(report.failed.isEmpty)
    for name in names {
      #expect(try Self.bytes(name, in: builder) == Array("value of \(name)".utf8))
    }
    #expect(try !builder.environmentText.contains("TOKEN="))
    #expect(try tomb.verify() == names.count)
    #expect(builder.recorded.all.map { $0.split(separator: " ").first } == ["intent", "done"])
  }

  @Test func aFileOfSecretsOnlyIsLeftEmpty() async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    try builder.writeEnvironment("A_TOKEN=x\n", mode: 0o644)
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try builder.environmentText == "")
    #expect(builder.mode(of: builder.paths.environmentFile) == 0o600)
  }

  @Test func aMasterKeyOfTheGoOriginalIsMoved() async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    let kept = "KAFCLAW_OAUTH_KEY_BACKEND=local\nKAFCLAW_OAUTH_TOMB_FILE=/media/key/tomb.rr\n"
    try builder.writeEnvironment("\(kept)KAFCLAW_OAUTH_MASTER_KEY=YWJj\n")
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try builder.environmentText == kept)
    #expect(try Self.bytes("KAFCLAW_OAUTH_MASTER_KEY", in: builder) == Array("YWJj".utf8))
  }

  @Test func theSameValueInTheTombIsLeftAlone() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    let details = EntryDetails(purpose: "chat", consumers: ["agent"])
    try tomb.set("env/A_TOKEN", SecretValue(copying: Array("x".utf8)), details, at: builder.now)
    let before = try tomb.summary().entriesCounter
    try builder.writeEnvironment("A_TOKEN=x\n")
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try tomb.summary().entriesCounter == before)
    #expect(try tomb.list().map(\.purpose) == ["chat"])
    #expect(try builder.environmentText == "")
  }

  @Test func anotherValueInTheTombGivesWay() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    let details = EntryDetails(purpose: "chat", consumers: ["agent"])
    try tomb.set("env/A_TOKEN", SecretValue(copying: Array("old".utf8)), details, at: builder.now)
    try builder.writeEnvironment("A_TOKEN=new\n")
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try Self.bytes("A_TOKEN", in: builder) == Array("new".utf8))
    let entry = try #require(try tomb.list().first)
    #expect(entry.versions.map(\.number) == [2])
    #expect(entry.purpose == "chat" && entry.consumers == ["agent"])
  }

  @Test func withoutATombNothingIsMoved() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment("A_TOKEN=x\n")
    let report = await builder.repair(.envSecrets)
    #expect(report.steps.map(\.error?.code) == [.tombMissing])
    #expect(report.steps.first?.error?.hint?.hasPrefix("kafclaw tomb init") == true)
    #expect(try builder.environmentText == "A_TOKEN=x\n")
    #expect(try !builder.tomb.get().exists)
  }

  @Test func aTombThatDoesNotOpenLeavesTheFile() async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    try builder.writeEnvironment("A_TOKEN=x\n")
    try builder.write("damaged", to: builder.paths.tombEntries)
    #expect(await builder.repair(.envSecrets).failed.count == 1)
    #expect(try builder.environmentText == "A_TOKEN=x\n")
  }

  @Test func aDryRunChangesNothing() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment("A_TOKEN=hidden\n")
    let report = await builder.repair(.envSecrets, isDryRun: true)
    #expect(report.steps.map(\.outcome) == [.planned])
    #expect(report.steps.first?.description.contains("A_TOKEN") == true)
    #expect(report.steps.first?.description.contains("hidden") == false)
    #expect(try builder.environmentText == "A_TOKEN=hidden\n")
    #expect(try tomb.list().isEmpty)
    #expect(builder.recorded.all.isEmpty)
  }

  static let immovable = [
    "LONG_TOKEN=" + String(repeating: "x", count: (64 << 10) + 1), "TOKEN(1)=x", "TOKEN..A=x",
    String(repeating: "A", count: 130) + "_TOKEN=x",
    "A_KEY=\"-----BEGIN PRIVATE KEY-----\nZmFrZQ\n-----END PRIVATE KEY-----\"",
    "A_KEY=-----BEGIN PRIVATE KEY-----\nZmFrZQ\n-----END PRIVATE KEY-----", "A_TOKEN='x\ny'",
  ]

  /// One that cannot be moved keeps all where they are, and is told before anything is done.
  @Test(arguments: immovable.indices, [false, true])
  func whatCannotBeMovedLeavesAllAsItWas(index: Int, isDryRun: Bool) async throws {
    let text = "B_TOKEN=y\n\(Self.immovable[index])\nC=z\n"
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment(text)
    let report = await builder.repair(.envSecrets, isDryRun: isDryRun)
    #expect(report.steps.map(\.error?.code) == [.environmentInvalid])
    #expect(report.steps.first?.error?.hint != nil)
    #expect(try builder.environmentText == text)
    #expect(try tomb.list().isEmpty)
  }

  // MARK: Cut off, and changed by others

  private static let secrets = ["A_TOKEN": "first", "B_KEY": "second", "C_PASSWORD": "third"]
  private static let text =
    "A_TOKEN=first\n# kept\nexport B_KEY='second'\nA_TOKEN='first'\nD=kept\nC_PASSWORD=third"

  /// Every secret is in the file or in the tomb, or in both; the rest of the file is there.
  private static func expectNothingLost(_ builder: HostBuilder) throws {
    let file = try #require(try EnvironmentFile.read(builder.paths.environmentFile))
    for (name, value) in secrets {
      let inFile = file.value(of: name).map(Array.init)
      let inTomb = try bytes(name, in: builder)
      #expect(
        inFile == Array(value.utf8) || (inFile == nil && inTomb == Array(value.utf8)), "\(name)")
    }
    #expect(file.value(of: "D").map(Array.init) == Array("kept".utf8))
  }

  private struct CutOff: Error {}

  @Test(arguments: 0...4)
  func aMoveThatFailsAnywhereLosesNothing(steps: Int) async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    let passed = Mutex(0)
    let move = EnvironmentMove(paths: builder.paths, tomb: tomb, now: builder.now) { _ in
      let count = passed.withLock { passed in
        passed += 1
        return passed
      }
      try Self.expectNothingLost(builder)
      if count > steps { throw CutOff() }
    }
    #expect(throws: CutOff.self) { try move.carryOut() }
    try Self.expectNothingLost(builder)
    #expect(try (builder.environmentText == Self.text) == (steps < 4))
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try builder.environmentText == "# kept\nD=kept\n")
    try Self.expectNothingLost(builder)
    #expect(try tomb.verify() == 3)
  }

  /// A process that is killed can neither clean up nor let go of its lock.
  @Test(arguments: 0...4)
  func aMoveThatIsKilledLosesNothing(steps: Int) async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [home = builder.paths.home as String, steps = steps as Int] in
      let paths = AppliancePaths.user(home: home)
      let passed = Mutex(0)
      try EnvironmentMove(
        paths: paths, tomb: TombStore(TombFiles(paths), SlotOpener(.local)), now: Date()
      ) { _ in
        let count = passed.withLock { passed in
          passed += 1
          return passed
        }
        if count > steps { kill(getpid(), SIGKILL) }
      }.carryOut()
    }
    try Self.expectNothingLost(builder)
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try builder.environmentText == "# kept\nD=kept\n")
    try Self.expectNothingLost(builder)
  }

  /// A change that comes when everything is sealed already.
  @Test(arguments: ["A_TOKEN=first\nB_KEY=changed\n", "", "\(text)\nE_TOKEN=fourth\n"])
  func aChangeByOthersIsNotLost(text: String) throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    let move = EnvironmentMove(paths: builder.paths, tomb: tomb, now: builder.now) { step in
      if step == .readBack { try builder.writeEnvironment(text) }
    }
    let error = #expect(throws: ApplianceError.self) { try move.carryOut() }
    #expect(error?.code == .environmentChanged)
    #expect(error?.message.contains("first") == false)
    #expect(try builder.environmentText == text)
  }

  @Test func aFileThatWasRemovedMeanwhileStaysRemoved() throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    let path = builder.paths.environmentFile
    let move = EnvironmentMove(paths: builder.paths, tomb: tomb, now: builder.now) { step in
      if step == .readBack { unlink(path) }
    }
    let error = #expect(throws: ApplianceError.self) { try move.carryOut() }
    #expect(error?.code == .environmentChanged)
    #expect(try EnvironmentFile.read(path) == nil)
  }

  /// What the tomb gives back is what counts, not that it took the value.
  @Test func aTombThatGivesBackSomethingElseLeavesTheFile() throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    let move = EnvironmentMove(paths: builder.paths, tomb: tomb, now: builder.now) { step in
      guard step == .sealed("C_PASSWORD") else { return }
      try tomb.set("env/B_KEY", SecretValue(copying: Array("other!".utf8)), at: Date())
      try tomb.remove("env/A_TOKEN")
    }
    #expect(throws: ApplianceError.self) { try move.carryOut() }
    #expect(try builder.environmentText == Self.text)
  }

  @Test func onlyOneMovesAtATime() throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    let move = EnvironmentMove(paths: builder.paths, tomb: tomb, now: builder.now) { _ in
      let isHeld = try FileLock.isHeld(builder.paths.environmentLock)
      #expect(isHeld)
    }
    try move.carryOut()
    try Self.expectNothingLost(builder)
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser writes everywhere"), arguments: [true, false])
  func aFolderThatCannotBeWrittenLosesNothing(isTomb: Bool) async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    try builder.writeEnvironment(Self.text)
    let folder =
      isTomb
      ? DurableFile.parentFolder(of: builder.paths.tombEntries) : builder.paths.configuration
    try builder.setMode(0o500, of: folder)
    let report = await builder.repair(.envSecrets)
    try builder.setMode(0o700, of: folder)
    #expect(report.failed.count == 1)
    #expect(try builder.environmentText == Self.text)
    try Self.expectNothingLost(builder)
    #expect(await builder.repair(.envSecrets).failed.isEmpty)
    #expect(try builder.environmentText == "# kept\nD=kept\n")
    try Self.expectNothingLost(builder)
  }
}
