// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Foundation
import GitSource
import Testing

@testable import Reconciliation

/// Requests to the `source` process: files that were read already, and repositories.
struct SourceWorkerTests {
  /// A repository with one commit after the other.
  final class Repository: Sendable {
    let path: String

    init() throws {
      path = try TemporaryFolder.make()
      try git("init", "--quiet", "--initial-branch=main")
    }

    deinit { TemporaryFolder.remove(path) }

    func commit(_ files: [String: String], _ message: String) throws {
      for (name, content) in files {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: file)
      }
      try git("add", "--all")
      try git("commit", "--quiet", "--message", message)
    }

    @discardableResult
    func git(_ arguments: String...) throws -> String {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments =
        ["git", "-C", path, "-c", "user.name=T", "-c", "user.email=t@example.org"]
        + ["-c", "commit.gpgsign=false"] + arguments
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw ApplianceError(.init("test.git"), "git \(arguments) failed")
      }
      return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  private static let document = "version: 1\nappliance: {name: probe}\n"

  private func answer(_ place: SourceRequest.Place, host: String? = nil) throws -> SourceReply {
    try SourceWorker.answer(SourceRequest(place, host: host, overrides: .none))
  }

  private func state(_ reply: SourceReply) throws -> LoadedState {
    guard case .valid(let state) = reply.outcome else {
      throw ApplianceError(.init("test.invalid"), "\(reply.outcome)")
    }
    return state
  }

  @Test func treeIsLoadedWithoutACommit() throws {
    let files = [
      "kafclaw.yaml": SourceTree.File(bytes: Array(Self.document.utf8)),
      "workspace/AGENTS.md": SourceTree.File(bytes: [0x61]),
      "hosts/claw-1.yaml": SourceTree.File(bytes: Array("gateway: {port: 9000}\n".utf8)),
    ]
    let reply = try answer(.tree(SourceTree(files: files)), host: "claw-1")
    #expect(reply.revision == nil)
    #expect(try state(reply).spec.gateway.port.value == 9_000)
    #expect(try state(reply).workspace.keys.sorted() == ["AGENTS.md"])
  }

  @Test func invalidTreeGivesItsIssues() throws {
    let reply = try answer(.tree(SourceTree()))
    guard case .invalid(let issues) = reply.outcome else {
      Issue.record("an empty tree is valid")
      return
    }
    #expect(issues.map(\.rule) == ["missing"])
  }

  @Test func environmentReachesTheState() throws {
    let file = SourceTree.File(bytes: Array(Self.document.utf8))
    let overrides = EnvironmentOverrides(environment: ["KAFCLAW_GATEWAY_PORT": "9100"])
    let request = SourceRequest(
      .tree(SourceTree(files: ["kafclaw.yaml": file])), host: nil, overrides: overrides)
    #expect(try state(SourceWorker.answer(request)).spec.gateway.port.value == 9_100)
  }

  @Test func repositoryIsReadAtItsTip() throws {
    let repository = try Repository()
    try repository.commit(["kafclaw.yaml": Self.document], "first")
    try repository.commit(["kafclaw.yaml": Self.document + "gateway: {port: 9001}\n"], "second")
    let reply = try answer(.repository(path: repository.path, branch: "main", folder: ""))
    let revision = try #require(reply.revision)
    #expect(revision.commit == (try repository.git("rev-parse", "HEAD")))
    #expect(revision.tree == (try repository.git("rev-parse", "HEAD^{tree}")))
    #expect(revision.summary == "second")
    #expect(revision.branch == "main")
    #expect(try state(reply).spec.gateway.port.value == 9_001)
  }

  @Test func folderOfARepositoryHasItsOwnTree() throws {
    let repository = try Repository()
    try repository.commit(["edge/kafclaw.yaml": Self.document, "README.md": "x"], "first")
    let reply = try answer(.repository(path: repository.path, branch: "main", folder: "edge"))
    #expect(reply.revision?.tree == (try repository.git("rev-parse", "HEAD:edge")))
    #expect(try state(reply).spec.appliance.name == "probe")
  }

  @Test func workTreeIsNotLookedAt() throws {
    let repository = try Repository()
    try repository.commit(["kafclaw.yaml": Self.document], "first")
    try Data("broken: [".utf8).write(to: URL(filePath: repository.path + "/kafclaw.yaml"))
    let reply = try answer(.repository(path: repository.path, branch: "main", folder: ""))
    #expect(try state(reply).spec.appliance.name == "probe")
  }

  @Test(arguments: ["nobody", "HEAD", "refs/heads/main", "../main"])
  func missingBranchIsAnError(branch: String) throws {
    let repository = try Repository()
    try repository.commit(["kafclaw.yaml": Self.document], "first")
    #expect(throws: ApplianceError.self) {
      try answer(.repository(path: repository.path, branch: branch, folder: ""))
    }
  }

  @Test func remoteIsFetchedIntoTheClone() throws {
    let repository = try Repository()
    let folder = try TemporaryFolder.make()
    defer { TemporaryFolder.remove(folder) }
    let place = SourceRequest.Place.remote(
      repository: try RemoteAddress(repository.path), access: RemoteAccess(), branch: "main",
      folder: "", clone: folder + "/source.git")
    #expect(throws: ApplianceError.self) { try answer(place) }
    for number in 1...3 {
      let text = Self.document + "gateway: {port: \(9_000 + number)}\n"
      try repository.commit(["kafclaw.yaml": text], "commit \(number)")
      let reply = try answer(place)
      #expect(reply.revision?.commit == (try repository.git("rev-parse", "HEAD")))
      #expect(try state(reply).spec.gateway.port.value == 9_000 + number)
    }
  }

  @Test func requestsAndRepliesComeBackFromJSON() throws {
    let request = SourceRequest(
      .remote(
        repository: try RemoteAddress("/srv/a.git"), access: RemoteAccess(), branch: "main",
        folder: "f", clone: "/c"), host: "h",
      overrides: EnvironmentOverrides(environment: ["KAFCLAW_GATEWAY_PORT": "1"]))
    let bytes = try ApplianceJSON.encode(request)
    let back = try ApplianceJSON.decode(SourceRequest.self, from: bytes)
    #expect(try ApplianceJSON.encode(back) == bytes)
    let reply = Desired.commit(7, "gateway: {port: 9000}\n")
    let other = try ApplianceJSON.decode(SourceReply.self, from: ApplianceJSON.encode(reply))
    #expect(other.revision == reply.revision)
    #expect(try state(other) == state(reply))
  }
}
