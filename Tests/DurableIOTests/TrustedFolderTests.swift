// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Testing

/// Folders that nobody else can write to or exchange.
struct TrustedFolderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func expectRefusal(_ name: String) {
    let error = #expect(throws: ApplianceError.self) {
      try PrivateFolder.requireTrusted(folder(name))
    }
    #expect(error?.code == .fileUnsafe)
  }

  @Test(arguments: [0o700, 0o500, 0o711, 0o750, 0o755, 0o2750] as [mode_t])
  func trustsAFolderThatOthersCannotWriteTo(mode: mode_t) throws {
    try folder.makeFolder("home", mode: mode)
    try PrivateFolder.requireTrusted(folder("home"))
  }

  @Test(arguments: [0o770, 0o775, 0o720, 0o702, 0o707, 0o777, 0o1777, 0o2770] as [mode_t])
  func refusesAFolderThatOthersCanWriteTo(mode: mode_t) throws {
    try folder.makeFolder("home", mode: mode)
    expectRefusal("home")
  }

  @Test func namesTheModeAndTheRemedy() throws {
    try folder.makeFolder("home", mode: 0o777)
    let error = #expect(throws: ApplianceError.self) {
      try PrivateFolder.requireTrusted(folder("home"))
    }
    #expect(error?.message.contains("0777") == true)
    #expect(error?.hint == "chmod 0700 \(folder("home"))")
  }

  @Test func refusesAPathThatCannotBeResolved() throws {
    try #require(symlink("loop", folder("loop")) == 0)
    try folder.put("text", in: "file")
    for name in ["loop", "file/below"] {
      #expect(throws: ApplianceError.self) { try PrivateFolder.requireTrusted(folder(name)) }
      #expect(throws: ApplianceError.self) { try PrivateFolder.requireTrustedFile(folder(name)) }
    }
  }

  @Test func letsAnAbsentFolderPass() throws {
    try PrivateFolder.requireTrusted(folder("absent"))
    try PrivateFolder.requireTrusted(folder("absent/below"))
  }

  @Test func trustsAFolderBelowAStickyOne() throws {
    try folder.makeFolder("shared", mode: 0o1777)
    try folder.makeFolder("shared/home")
    try PrivateFolder.requireTrusted(folder("shared/home"))
  }

  @Test(arguments: ["shared/home", "shared/between/home"])
  func refusesAFolderThatEverybodyCanExchange(home: String) throws {
    try folder.makeFolder("shared", mode: 0o777)
    try folder.makeFolder("shared/between")
    if home != "shared/between/home" { try folder.makeFolder("shared/home") }
    try PrivateFolder.create(folder(home))
    expectRefusal(home)
  }

  @Test func judgesTheTargetOfALink() throws {
    try folder.makeFolder("open", mode: 0o777)
    try folder.makeFolder("closed")
    try folder.link("to-open", to: "open")
    try folder.link("to-closed", to: "closed")
    expectRefusal("to-open")
    try PrivateFolder.requireTrusted(folder("to-closed"))
  }

  private static let stranger: uid_t = 65_534

  @Test(.enabled(if: geteuid() == 0, "only the superuser gives files away"))
  func refusesAFolderOfSomebodyElse() throws {
    try folder.makeFolder("home")
    try #require(chown(folder("home"), Self.stranger, Self.stranger) == 0)
    expectRefusal("home")
  }

  @Test(.enabled(if: geteuid() == 0, "only the superuser gives files away"))
  func refusesAFolderThatSomebodyElseCanExchange() throws {
    try folder.makeFolder("theirs", mode: 0o755)
    try folder.makeFolder("theirs/home")
    try #require(chown(folder("theirs"), Self.stranger, Self.stranger) == 0)
    expectRefusal("theirs/home")
  }

  @Test(.enabled(if: geteuid() != 0, "everything is the superuser's"))
  func refusesAFolderOfTheSuperuser() {
    let error = #expect(throws: ApplianceError.self) { try PrivateFolder.requireTrusted("/usr") }
    #expect(error?.code == .fileUnsafe)
  }

  @Test(arguments: [[:], ["KAFCLAW_ALLOW_ROOT": ""], ["KAFCLAW_ALLOW_ROOT": "true"]])
  func refusesTheSuperuserOnly(environment: [String: String]) {
    guard geteuid() == 0 else {
      #expect(throws: Never.self) { try RootRefusal.require(environment: environment) }
      return
    }
    let error = #expect(throws: ApplianceError.self) {
      try RootRefusal.require(environment: environment)
    }
    #expect(error?.code == .runningAsRoot)
  }

  @Test func admitsTheSuperuserWhoIsAllowed() throws {
    try RootRefusal.require(environment: ["KAFCLAW_ALLOW_ROOT": "1"])
  }
}
