// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc
import Testing

@testable import Doctor
@testable import Tomb

/// Whether the tomb opens, for whom, and how old what is in it is.
struct SecretsTombTests {
  private static let day: Double = 86_400
  private static let all: [Check] = [.tombOpens, .tombRecovery, .tombRotation, .tombKeyFile]

  private static func value(_ text: String) -> SecretValue {
    SecretValue(copying: Array(text.utf8))
  }

  @Test func aHostWithoutATombNeedsNone() async throws {
    let builder = try HostBuilder()
    for check in Self.all { #expect(await builder.examine(check).isNotApplicable) }
  }

  @Test func aHealthyTombPasses() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try tomb.set("a", Self.value("x"), at: builder.now)
    for check in Self.all {
      let found = await builder.examine(check)
      #expect(found.isPass, "\(found)")
    }
    let opens = await builder.examine(.tombOpens)
    #expect(opens.evidence == "the backend local opens the tomb; intact values: 1")
  }

  // MARK: tomb.opens

  @Test func aTombThatIsNamedMustBeThere() async throws {
    var builder = try HostBuilder()
    try builder.desire(HostBuilder.desiredText + "gateway: {auth: {token: \"tomb:chat\"}}\n")
    let found = await builder.examine(.tombOpens)
    #expect(found.status == .fail && found.severity == .critical)
    #expect(found.evidence == "gateway.auth.token is tomb:chat, and there is no tomb")
    #expect(found.remedy == "kafclaw tomb init")
    try builder.createTomb()
    #expect(await builder.examine(.tombOpens).isPass)
  }

  @Test func aCredentialOfTheSourceNamesATombToo() async throws {
    let builder = try HostBuilder(
      source:
        "{repository: \"https://git.example.org/claw\", verify: none, credential: \"tomb:git\"}")
    let found = await builder.examine(.tombOpens)
    #expect(found.status == .fail)
    #expect(found.evidence == "source.credential is tomb:git, and there is no tomb")
  }

  @Test func otherReferencesNeedNoTomb() async throws {
    var builder = try HostBuilder()
    try builder.desire(HostBuilder.desiredText + "gateway: {auth: {token: \"env:A_TOKEN\"}}\n")
    #expect(await builder.examine(.tombOpens).isNotApplicable)
  }

  @Test func aDesiredStateThatIsNotValidIsNotTakenForNone() async throws {
    var builder = try HostBuilder()
    try builder.desire("version: 1\n")
    #expect(await builder.examine(.tombOpens).status == .unknown)
  }

  @Test(arguments: ["tomb.rr", "entries", "seen"])
  func aDamagedTombIsTold(file: String) async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try tomb.set("a", Self.value("x"), at: builder.now)
    let path =
      switch file {
      case "tomb.rr": builder.paths.tombFile
      case "entries": builder.paths.tombEntries
      default: builder.paths.tombRecord
      }
    var bytes = try DurableFile.read(path, limit: 1 << 20)
    bytes[bytes.count - 1] ^= 1
    try DurableFile.replace(path, with: bytes)
    let found = await builder.examine(.tombOpens)
    #expect(found.status == .fail, "\(found)")
  }

  @Test func aLostKeyFileIsNoHostWithoutATomb() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    try tomb.set("a", Self.value("x"), at: builder.now)
    try DurableFile.removeIfPresent(builder.paths.tombFile)
    let found = await builder.examine(.tombOpens)
    #expect(found.status == .fail)
    #expect(found.evidence.contains("still there"))
  }

  @Test func aKeyFileThatOthersReadIsTold() async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    try builder.setMode(0o644, of: builder.paths.tombFile)
    let found = await builder.examine(.tombOpens)
    #expect(found.status == .fail && found.remedy.contains("chmod"))
  }

  @Test func anotherBackendIsTold() async throws {
    var builder = try HostBuilder()
    try builder.createTomb()
    builder.tomb = .success(TombStore(TombFiles(builder.paths), SlotOpener(.systemd)))
    #expect(await builder.examine(.tombOpens).status == .fail)
    builder.tomb = .failure(ApplianceError(.tombBackend, "declared twice", hint: "declare it once"))
    let found = await builder.examine(.tombOpens)
    #expect(found.status == .fail && found.evidence == "declared twice")
  }

  @Test func aTombThatNobodyUnlockedIsUnknown() async throws {
    var builder = try HostBuilder()
    let key = [UInt8](repeating: 7, count: 32)
    func opener(_ key: [UInt8]) -> SlotOpener {
      SlotOpener(.systemd, credential: { SecretValue(copying: key) })
    }
    builder.tomb = .success(TombStore(TombFiles(builder.paths), opener(key)))
    try builder.createTomb()
    #expect(await builder.examine(.tombOpens).isPass)
    builder.tomb = .success(TombStore(TombFiles(builder.paths), SlotOpener(.systemd)))
    for check in [Check.tombOpens, .tombRecovery, .tombRotation] {
      #expect(await builder.examine(check).status == .unknown)
    }
    #expect(await builder.examine(.tombOpens).evidence.hasPrefix("the tomb is locked: "))
    builder.tomb = .success(
      TombStore(TombFiles(builder.paths), opener([UInt8](repeating: 8, count: 32))))
    #expect(await builder.examine(.tombOpens).status == .fail)
  }

  @Test func aPassphraseThatNobodyTypedIsUnknown() async throws {
    var builder = try HostBuilder()
    let words = "six words that nobody has guessed yet"
    builder.tomb = .success(
      TombStore(
        TombFiles(builder.paths), SlotOpener(.passphrase, passphrase: { _ in Self.value(words) })))
    try builder.createTomb()
    #expect(await builder.examine(.tombOpens).isPass)
    #expect(await builder.examine(.tombKeyFile).isPass)
    builder.tomb = .success(TombStore(TombFiles(builder.paths), SlotOpener(.passphrase)))
    #expect(await builder.examine(.tombOpens).status == .unknown)
  }

  // MARK: tomb.recovery, tomb.rotation

  @Test func aTombForThisHostAloneIsTold() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb(isRecoverable: false)
    let found = await builder.examine(.tombRecovery)
    #expect(found.status == .fail && found.severity == .high)
    #expect(found.remedy.contains("kafclaw tomb new-recipient"))
    try tomb.add(try RecoveryKey.random().recipient, label: "safe", at: builder.now)
    #expect(await builder.examine(.tombRecovery).isPass)
  }

  @Test(arguments: [
    (-1.0, Verdict.Status.fail), (0, .fail), (1, .warn), (14 * 86_400, .warn),
    (14 * 86_400 + 1, .pass),
  ])
  func entriesThatEndAreTold(after seconds: Double, status: Verdict.Status) async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    // Files of the tomb keep whole seconds.
    let end = builder.now.addingTimeInterval(seconds)
    try tomb.set("b", Self.value("y"), at: builder.now)
    try tomb.set("a", Self.value("x"), EntryDetails(expires: end), at: builder.now)
    let entries = try tomb.list()
    let stored = try #require(entries.first?.expires)
    let verdict = EntryAge.verdict(
      of: entries, isRotating: false, at: stored.addingTimeInterval(-seconds))
    #expect(verdict.status == status, "\(verdict)")
    guard status != .pass else { return }
    #expect(verdict.evidence.count == 1 && verdict.evidence[0].hasPrefix("tomb:a end"))
    #expect(verdict.evidence[0].hasSuffix(stored.formatted(.iso8601)))
  }

  @Test func theWorstEntryDecides() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    for (name, days) in [("a", 3.0), ("b", -3.0), ("c", 300)] {
      let end = builder.now.addingTimeInterval(days * Self.day)
      try tomb.set(name, Self.value("x"), EntryDetails(expires: end), at: builder.now)
    }
    let found = await builder.examine(.tombRotation)
    #expect(found.status == .fail && found.severity == .medium)
    #expect(found.evidence.contains("tomb:a ends ") && found.evidence.contains("tomb:b ended "))
    #expect(!found.evidence.contains("tomb:c"))
  }

  @Test func aRotationThatWasCutOffIsTold() async throws {
    let builder = try HostBuilder()
    let tomb = try builder.createTomb()
    var opened = try tomb.open()
    try tomb.beginRotation(&opened, at: builder.now)
    let found = await builder.examine(.tombRotation)
    #expect(found.status == .warn && found.remedy == "kafclaw tomb rotate-key")
    #expect(await builder.examine(.tombOpens).isPass)
    try tomb.set("a", Self.value("x"), at: builder.now)
    #expect(await builder.examine(.tombRotation).isPass)
  }

  // MARK: tomb.keyfile

  @Test func whatTheBackendLocalProtectsAgainstIsSaid() async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    let found = await builder.examine(.tombKeyFile)
    #expect(found.isPass && Check.tombKeyFile.group == .security)
    #expect(found.evidence.contains("not against somebody who reads both"))
  }

  @Test func aKeyFileThatIsLinkedIntoTheStateHomeIsTold() async throws {
    let builder = try HostBuilder()
    try builder.createTomb()
    let elsewhere = "\(builder.paths.state)/configuration"
    #expect(rename(builder.paths.configuration, elsewhere) == 0)
    try builder.link(builder.paths.configuration, to: elsewhere)
    let found = await builder.examine(.tombKeyFile)
    #expect(found.status == .fail && found.evidence.contains("a backup of that has both"))
  }

  @Test func aKeyOnTheSameFileSystemIsTold() async throws {
    var builder = try HostBuilder()
    let key = builder.folder("medium")
    try builder.setBootstrap(
      """
      version: 1
      source: {repository: \(builder.folder("repository")), verify: none}
      tomb: {backend: file, keyFile: \(key)}

      """)
    builder.tomb = .success(TombStore(TombFiles(builder.paths), SlotOpener(.file, keyFile: key)))
    try builder.createTomb()
    let found = await builder.examine(.tombKeyFile)
    #expect(found.status == .warn && found.evidence.contains(key))
    // The medium is not there.
    try DurableFile.removeIfPresent(key)
    #expect(await builder.examine(.tombKeyFile).status == .unknown)
    let other = TombStore(TombFiles(builder.paths), SlotOpener(.file, keyFile: key))
    builder.tomb = .success(other)
    #expect(await builder.examine(.tombOpens).status == .fail)
  }

  @Test func aKeyringIsNotTheOnlyWayIn() {
    #expect(TombKeyPlace.keyring(slots: 1).status == .fail)
    #expect(TombKeyPlace.keyring(slots: 2).status == .pass)
  }
}
