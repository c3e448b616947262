// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// Addresses of repositories: local ones, whatever characters they have, and no others.
struct RemoteAddressTests {
  @Test(arguments: [
    ("/srv/state.git", "/srv/state.git"), ("file:///srv/state.git", "/srv/state.git"),
    ("/", "/"), ("/srv/my state", "/srv/my state"),
  ])
  func takesPathsAndFileAddresses(remote: String, path: String) throws {
    #expect(try GitReader.localPath(of: remote) == path)
  }

  @Test(arguments: [
    "", "state.git", "./state.git", "~/state.git", "https://example.org/state.git",
    "ssh://git@example.org/state.git", "git@example.org:state.git", "git://example.org/state.git",
    "file://example.org/state.git", "file:", "file://", "ext::sh -c true", "-/srv/state.git",
  ])
  func refusesEverythingElse(remote: String) throws {
    let folder = try TemporaryFolder()
    let clone = folder("clone.git")
    let asked = #expect(throws: ApplianceError.self) { try GitReader.localPath(of: remote) }
    #expect(asked?.code == .gitFailed)
    let fetched = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(remote, branch: "main", into: clone)
    }
    #expect(fetched?.code == .gitFailed)
    #expect(!FileManager.default.fileExists(atPath: clone))
  }

  /// libgit2 takes a colon for the end of a host name, and `%` for the start of an escape.
  @Test(arguments: ["plain", "with space", "host:path", "100%", "a%41b", "größe", "a?b#c", "a\\b"])
  func readsARepositoryAtAnUnusualPath(name: String) throws {
    let folder = try TemporaryFolder()
    let origin = try GitRepository(in: folder, named: name)
    let tip = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "here"]))
    try GitReader.fetch(folder(name), branch: "main", into: folder("clone"))
    let found = try GitReader.snapshot(
      of: folder("clone"), branch: "main", folder: "", entries: ["kafclaw.yaml"])
    #expect(found.revision.commit == tip)
  }

  @Test func asksNoHostForAPathWithAColon() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(folder("host:path"), branch: "main", into: folder("clone"))
    }
    #expect(error?.code == .gitMissing)
    #expect(error?.message.contains("resolve address") == false)
  }
}
