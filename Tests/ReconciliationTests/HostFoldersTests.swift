// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Foundation
import Planning
import Testing

@testable import Reconciliation

/// The agent's folders on the real host, links resolved, are apart from what is sensitive.
struct HostFoldersTests {
  private let host: HostFolder

  init() throws { host = try HostFolder() }

  /// A home folder of a test.
  final class HostFolder: Sendable {
    let home: String
    let paths: AppliancePaths

    init() throws {
      home = try TemporaryFolder.make()
      paths = .user(home: home)
      for folder in paths.folders + [paths.configuration, home + "/free"] {
        try PrivateFolder.create(folder)
      }
    }

    deinit { TemporaryFolder.remove(home) }

    func link(_ path: String, to target: String) throws {
      guard symlink(target, path) == 0 else { throw ApplianceError.system("link", path) }
    }
  }

  private func refusals(workspace: String? = nil, workRepo: String? = nil) -> [PlanRefusal] {
    var spec = ApplianceSpec()
    if let workspace { spec.agent.workspace = workspace }
    if let workRepo { spec.agent.workRepo = workRepo }
    return HostFolders.refusals(spec, paths: host.paths)
  }

  @Test func standardFoldersAreFine() {
    #expect(refusals().isEmpty)
  }

  @Test(arguments: ["~/free", "~/free/desk", "~/not/there/yet", "/srv/not-there", "/opt"])
  func foldersThatAreApartAreFine(folder: String) {
    #expect(refusals(workspace: folder, workRepo: folder).isEmpty)
  }

  @Test(arguments: [
    "/", "/etc", "/etc/ssh", "/root", "/var", "/var/lib/x", "~", "~/.ssh", "~/.ssh/keys",
    "~/.gnupg",
    "~/.aws", "~/.config", "~/.config/kafclaw", "~/.kafclaw", "~/.kafclaw/reconciler",
    "~/.kafclaw/source.git", "~/.kafclaw/run", "~/",
  ])
  func sensitiveFoldersAreRefused(folder: String) throws {
    let found = refusals(workspace: folder, workRepo: folder)
    #expect(found.map(\.address.text) == ["component/agent", "component/agent"])
    #expect(found.map(\.reason) == [.folderIsolation, .folderIsolation])
    let (first, last) = (try #require(found.first), try #require(found.last))
    #expect(first.message.hasPrefix("agent.workspace is \""))
    #expect(last.message.hasPrefix("agent.workRepo is \""))
  }

  @Test(arguments: ["/etc", "/", "/root/.ssh", "/var/lib"])
  func linkToASensitiveFolderIsRefused(target: String) throws {
    try host.link(host.home + "/desk", to: target)
    #expect(refusals(workspace: "~/desk").count == 1)
    // What lies below the root is for the other paths to judge.
    #expect(refusals(workspace: "~/desk/below").count == (target == "/" ? 0 : 1))
  }

  @Test func chainOfLinksIsFollowed() throws {
    try host.link(host.home + "/last", to: "/etc")
    try host.link(host.home + "/middle", to: "last")
    try host.link(host.home + "/first", to: "./middle")
    #expect(refusals(workRepo: "~/first").count == 1)
  }

  @Test func linkOutOfAFreeFolderIsRefused() throws {
    try host.link(host.home + "/free/up", to: "..")
    #expect(refusals(workspace: "~/free/up").count == 1)
    #expect(refusals(workspace: "~/free/up/.ssh").count == 1)
  }

  @Test(arguments: ["/etc", "reconciler", "..", "../.ssh"])
  func standardFolderThatIsALinkIsRefused(target: String) throws {
    try PrivateFolder.create(host.home + "/.ssh")
    try host.link(host.paths.state + "/workspace", to: target)
    #expect(refusals().count == 1)
  }

  @Test func linkToAFreeFolderIsFine() throws {
    try host.link(host.home + "/desk", to: "free")
    #expect(refusals(workspace: "~/desk").isEmpty)
  }

  /// People keep their keys on another disk; the link in their home is what is sensitive.
  @Test(arguments: [".ssh", ".gnupg", ".aws", ".config"])
  func placeThatAPersonalFolderLeadsToIsRefused(name: String) throws {
    let elsewhere = host.home + "/disk/keys"
    try PrivateFolder.create(elsewhere)
    TemporaryFolder.remove(host.home + "/" + name)
    try host.link(host.home + "/" + name, to: elsewhere)
    #expect(refusals(workspace: elsewhere).count == 1)
    #expect(refusals(workspace: elsewhere + "/below").count == 1)
    #expect(refusals(workspace: "~/disk").count == 1)
  }

  @Test func homeThatIsALinkIsResolvedToo() throws {
    let link = host.home + "-link"
    try host.link(link, to: host.home)
    defer { TemporaryFolder.remove(link) }
    let paths = AppliancePaths.user(home: link)
    for folder in [host.home + "/.ssh", host.home, link + "/.kafclaw", "~/.ssh"] {
      var spec = ApplianceSpec()
      spec.agent.workspace = folder
      #expect(HostFolders.refusals(spec, paths: paths).count == 1, "\(folder)")
    }
    #expect(HostFolders.refusals(ApplianceSpec(), paths: paths).isEmpty)
  }

  /// The package keeps its sockets outside of its state.
  @Test(arguments: ["/run/kafclaw", "/run", "/run/kafclaw/x"])
  func socketsOfThePackageAreSensitive(folder: String) {
    var spec = ApplianceSpec()
    spec.agent.workRepo = folder
    #expect(HostFolders.refusals(spec, paths: .system).count == 1)
  }

  @Test func refusalHoldsTheStateBack() async throws {
    let appliance = try Appliance()
    try host.link(appliance.paths.state + "/workspace", to: "/etc")
    let outcome = await appliance.pass()
    #expect(outcome.kind == .held)
    #expect(outcome.plan?.refusals.map(\.reason) == [.folderIsolation])
    #expect(await appliance.host.log == [])
  }
}
