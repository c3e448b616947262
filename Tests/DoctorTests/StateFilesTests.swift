// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import TestSupport
import Testing

@testable import Doctor

/// `appliance.yaml`, and the folders of the appliance.
struct StateFilesTests {
  private let host: HostBuilder

  init() throws {
    host = try HostBuilder()
    try host.use()
  }

  private static let stranger: uid_t = 65_534

  // MARK: bootstrap.valid

  @Test func absentBootstrapIsWarned() async throws {
    var host = host
    host.bootstrap = .success(nil)
    let result = await host.examine(.bootstrapValid)
    #expect(result.status == .warn)
    #expect(result.remedy.contains(host.paths.bootstrapFile))
  }

  @Test func invalidBootstrapFailsWithEveryIssue() async throws {
    var host = host
    host.bootstrap = .failure(ApplianceError(.init("trust.bootstrap-invalid"), "one\ntwo"))
    let result = await host.examine(.bootstrapValid)
    #expect(result.status == .fail)
    #expect(result.evidence == "one; two")
  }

  @Test func unreadBootstrapIsUnknown() async throws {
    var host = host
    host.bootstrap = .failure(ApplianceError(.fileFailed, "cannot open it"))
    #expect(await host.examine(.bootstrapValid).status == .unknown)
  }

  @Test(arguments: [0o620, 0o602, 0o666] as [mode_t])
  func bootstrapThatOthersWriteFails(mode: mode_t) async throws {
    try host.setMode(mode, of: host.paths.bootstrapFile)
    let result = await host.examine(.bootstrapValid)
    #expect(result.status == .fail)
    #expect(result.evidence.contains(PrivateFolder.octal(mode)))
  }

  // MARK: state.trusted

  @Test(arguments: ["/.kafclaw", "/.kafclaw/run", "/.config/kafclaw"])
  func folderThatOthersWriteIsNotTrusted(name: String) async throws {
    let path = host.paths.home + name
    try host.setMode(0o777, of: path)
    let result = await host.examine(.stateTrusted)
    #expect(result.status == .fail)
    #expect(result.severity == .critical)
    #expect(result.evidence.contains("\"\(path)\""))
    try host.setMode(0o700, of: path)
    #expect(await host.examine(.stateTrusted).isPass)
  }

  @Test func folderThatOthersExchangeIsNotTrusted() async throws {
    try host.setMode(0o777, of: host.paths.home)
    let result = await host.examine(.stateTrusted)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("can be written by others"))
  }

  /// The folder itself is safe; the link to it is not.
  @Test func linkThatOthersExchangeIsNotTrusted() async throws {
    let (state, folder) = (host.paths.state, host.folder)
    try folder.makeFolder("open")
    try folder.makeFolder("elsewhere")
    #expect(rename(state, folder("elsewhere/state")) == 0)
    try host.link(folder("open/link"), to: "../elsewhere/state")
    try host.link(state, to: folder("open/link"))
    #expect(await host.examine(.stateTrusted).isPass)
    try host.setMode(0o777, of: folder("open"))
    let result = await host.examine(.stateTrusted)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("\"\(folder("open"))\" above \"\(folder("open/link"))\""))
    #expect(try LinksOnTheWay.links(to: state).suffix(2) == [state, folder("open/link")])
  }

  @Test func linksWithoutAnEndAreNotTrusted() async throws {
    let loop = host.folder("loop")
    try host.link(loop, to: "loop")
    #expect(throws: ApplianceError.self) { try LinksOnTheWay.links(to: loop) }
    #expect(try LinksOnTheWay.links(to: host.folder("./none/../none/x")) == [])
  }

  @Test(.enabled(if: geteuid() == 0, "only the superuser gives files away"))
  func folderOfSomebodyElseIsNotTrusted() async throws {
    #expect(chown(host.paths.state, Self.stranger, Self.stranger) == 0)
    let result = await host.examine(.stateTrusted)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("belongs to user 65534"))
  }

  // MARK: state.modes

  /// A path below the home, a mode that it must not have, and the one that it gets.
  static let modes: [(String, mode_t, mode_t)] = [
    (".kafclaw", 0o755, 0o700), (".kafclaw", 0o711, 0o700), (".kafclaw/timeline.db", 0o644, 0o600),
    (".kafclaw/timeline.db-wal", 0o640, 0o600), (".kafclaw/config.json", 0o604, 0o600),
    (".kafclaw/reconciler", 0o750, 0o700), (".kafclaw/reconciler/applied.json", 0o660, 0o600),
    (".kafclaw/audit/sealing.key", 0o440, 0o600), (".kafclaw/run", 0o777, 0o700),
    (".kafclaw/tomb/entries.sealed", 0o644, 0o600), (".config/kafclaw/env", 0o644, 0o600),
    (".config/kafclaw/tomb.rr", 0o620, 0o600), (".config/kafclaw/credentials/key", 0o644, 0o600),
    (".config/kafclaw/credentials", 0o755, 0o700),
    (".config/kafclaw/appliance.yaml", 0o666, 0o644), (".config/kafclaw", 0o775, 0o755),
  ]

  @Test(arguments: modes)
  func openModeIsFoundAndCorrected(name: String, mode: mode_t, wanted: mode_t) async throws {
    let path = host.paths.home + "/" + name
    for file in ["tomb/entries.sealed", "timeline.db-wal"] {
      try host.write("", to: host.paths.state + "/" + file)
    }
    for file in [host.paths.environmentFile, host.paths.tombFile, host.paths.credentials + "/key"] {
      try host.write("", to: file)
    }
    #expect(await host.examine(.stateModes).isPass)
    try host.setMode(mode, of: path)
    let result = await host.examine(.stateModes)
    #expect(result.status == .fail)
    #expect(result.fixable)
    #expect(result.evidence == "\(path) has mode \(PrivateFolder.octal(mode))")
    let report = await host.repair(.stateModes)
    #expect(report.steps.map(\.outcome) == [.done])
    #expect(host.recorded.all == ["intent \(path)", "done \(path)"])
    #expect(host.mode(of: path) == wanted)
    #expect(await host.examine(.stateModes).isPass)
  }

  @Test func dryRunChangesNothing() async throws {
    try host.setMode(0o644, of: host.paths.timelineFile)
    let report = await host.repair(.stateModes, isDryRun: true)
    #expect(report.steps.map(\.outcome) == [.planned])
    #expect(report.steps.map(\.description) == ["set mode 0600 on \(host.paths.timelineFile)"])
    #expect(host.mode(of: host.paths.timelineFile) == 0o644)
    #expect(host.recorded.all == [])
  }

  @Test func filesOfAgentAndGitAreTheirs() async throws {
    let state = host.paths.state
    for file in ["workspace/notes.md", "work-repo/a/b", "source.git/HEAD"] {
      try host.write("", to: "\(state)/\(file)", mode: 0o644)
    }
    try host.setMode(0o755, of: state + "/workspace")
    #expect(await host.examine(.stateModes).isPass)
    try host.setMode(0o755, of: host.paths.clone)
    #expect(await host.examine(.stateModes).evidence == "\(host.paths.clone) has mode 0755")
    await host.repair(.stateModes)
    #expect(host.mode(of: host.paths.clone) == 0o700)
    #expect(host.mode(of: host.paths.clone + "/HEAD") == 0o644)
  }

  @Test func linkIsAFindingAndIsNotFollowed() async throws {
    let target = host.folder("target")
    try host.write("", to: target, mode: 0o644)
    let link = host.paths.reconciler + "/loop.json"
    try host.link(link, to: target)
    let result = await host.examine(.stateModes)
    #expect(result.status == .fail)
    #expect(result.evidence.hasPrefix("\(link) is a link"))
    #expect(await host.repair(.stateModes).steps == [])
    #expect(host.mode(of: target) == 0o644)
  }

  /// The file that was looked at is a link by now.
  @Test func repairLeavesWhatTookThePlaceOfAFile() throws {
    let target = host.folder("target")
    try host.write("", to: target, mode: 0o644)
    try host.setMode(0o644, of: host.paths.timelineFile)
    let found = try #require(
      OwnFiles(host.paths).files.first { $0.path == host.paths.timelineFile })
    try DurableFile.removeIfPresent(host.paths.timelineFile)
    try host.link(host.paths.timelineFile, to: target)
    #expect(throws: ApplianceError.self) { try found.setPermissions(0o600) }
    try DurableFile.removeIfPresent(host.paths.timelineFile)
    try PrivateFolder.create(host.paths.timelineFile)
    #expect(throws: ApplianceError.self) { try found.setPermissions(0o600) }
    #expect(host.mode(of: target) == 0o644)
    #expect(host.mode(of: host.paths.timelineFile) == 0o700)
  }

  @Test func nameThatIsNoTextIsLookedAt() async throws {
    let name = Array((host.paths.state + "/a").utf8) + [0xFF, 0]
    let path = name.map { CChar(bitPattern: $0) }
    let file = open(path, O_CREAT | O_WRONLY, 0o600)
    #expect(file >= 0)
    #expect(fchmod(file, 0o644) == 0)
    close(file)
    #expect(await host.examine(.stateModes).status == .fail)
    await host.repair(.stateModes)
    #expect(await host.examine(.stateModes).isPass)
  }

  @Test func manyFilesAreCorrectedTogether() async throws {
    for number in 0..<70 {
      try host.write("", to: "\(host.paths.bundles)/\(number).json", mode: 0o644)
    }
    let result = await host.examine(.stateModes)
    #expect(result.evidence.hasSuffix("and 40 more"))
    #expect(await host.repair(.stateModes).steps.count == 51)
    #expect(await host.examine(.stateModes).isPass)
  }

  @Test func moreFilesThanAreLookedAtAreTold() throws {
    let all = OwnFiles(host.paths)
    #expect(!all.isCut)
    let some = OwnFiles(host.paths, limit: 5)
    #expect(some.isCut)
    #expect(some.files.map(\.path) == all.files.prefix(5).map(\.path))
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser reads everything"))
  func folderThatCannotBeReadIsUnknown() async throws {
    try host.setMode(0o000, of: host.paths.bundles)
    #expect(await host.examine(.stateModes).status == .unknown)
    try host.setMode(0o700, of: host.paths.bundles)
  }

  @Test(.enabled(if: geteuid() == 0, "only the superuser gives files away"))
  func fileOfSomebodyElseIsFound() async throws {
    #expect(chown(host.paths.timelineFile, Self.stranger, Self.stranger) == 0)
    let result = await host.examine(.stateModes)
    #expect(result.evidence == "\(host.paths.timelineFile) belongs to user 65534")
    #expect(await host.repair(.stateModes).steps == [])
  }

  // MARK: state.folders

  @Test func missingFolderIsMade() async throws {
    #expect(await host.examine(.stateFolders).isPass)
    #expect(rmdir(host.paths.bundles) == 0)
    let result = await host.examine(.stateFolders)
    #expect(result.status == .warn)
    #expect(result.evidence == "\(host.paths.bundles) does not exist")
    await host.repair(.stateFolders)
    #expect(host.mode(of: host.paths.bundles) == 0o700)
    #expect(await host.examine(.stateFolders).isPass)
  }

  @Test func fileInPlaceOfAFolderFails() async throws {
    #expect(rmdir(host.paths.bundles) == 0)
    try host.write("", to: host.paths.bundles)
    let result = await host.examine(.stateFolders)
    #expect(result.status == .fail)
    #expect(await host.repair(.stateFolders).steps == [])
  }

  @Test func unusedHostNeedsNoFolders() async throws {
    var host = try HostBuilder()
    host.bootstrap = .success(nil)
    #expect(await host.examine(.stateFolders).isNotApplicable)
  }
}
