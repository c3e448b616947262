// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// Addresses of repositories: local ones, whatever characters they have, ssh and https, no others.
struct RemoteAddressTests {
  @Test(arguments: [
    ("/srv/state.git", "/srv/state.git"), ("file:///srv/state.git", "/srv/state.git"),
    ("/", "/"), ("/srv/my state", "/srv/my state"), ("/srv/größe", "/srv/größe"),
    ("/srv/host:path", "/srv/host:path"), ("/srv/a@b", "/srv/a@b"),
  ])
  func takesPathsAndFileAddresses(remote: String, path: String) throws {
    #expect(try GitReader.localPath(of: remote) == path)
    let address = try RemoteAddress(remote)
    #expect(address.transport == .file)
    #expect(address.path == path)
    #expect(address.host == nil)
    #expect(address.description == path)
  }

  struct Server: Sendable {
    let text: String
    let transport: RemoteAddress.Transport
    let host: String
    var port: Int?
    var user: String?
    let path: String
    let shown: String
  }

  @Test(arguments: [
    Server(
      text: "https://example.org/team/state.git", transport: .https, host: "example.org",
      path: "/team/state.git", shown: "https://example.org/team/state.git"),
    Server(
      text: "HTTPS://Example.ORG:8443/a%20b/~c", transport: .https, host: "example.org",
      port: 8_443, path: "/a%20b/~c", shown: "https://example.org:8443/a%20b/~c"),
    Server(
      text: "ssh://git@example.org/srv/state.git", transport: .ssh, host: "example.org",
      user: "git", path: "/srv/state.git", shown: "ssh://example.org/srv/state.git"),
    Server(
      text: "ssh://example.org:2222/~me/state", transport: .ssh, host: "example.org", port: 2_222,
      path: "/~me/state", shown: "ssh://example.org:2222/~me/state"),
    Server(
      text: "git@example.org:team/state.git", transport: .ssh, host: "example.org", user: "git",
      path: "team/state.git", shown: "example.org:team/state.git"),
    Server(
      text: "git@example.org:/srv/state.git", transport: .ssh, host: "example.org", user: "git",
      path: "/srv/state.git", shown: "ssh://example.org/srv/state.git"),
    Server(
      text: "ssh://a.b-c@[fd00::1]:22/x", transport: .ssh, host: "fd00::1", port: 22,
      user: "a.b-c", path: "/x", shown: "ssh://[fd00::1]:22/x"),
    Server(
      text: "git@[::1]:x", transport: .ssh, host: "::1", user: "git", path: "x",
      shown: "[::1]:x"),
  ])
  func takesServers(server: Server) throws {
    let address = try RemoteAddress(server.text)
    #expect(address.transport == server.transport)
    #expect(address.host == server.host)
    #expect(address.port == server.port)
    #expect(address.user == server.user)
    #expect(address.path == server.path)
    #expect(address.description == server.shown)
    #expect(try RemoteAddress(address.text) == address)
    let bytes = try ApplianceJSON.encode([address])
    #expect(try ApplianceJSON.decode([RemoteAddress].self, from: bytes) == [address])
    let local = #expect(throws: ApplianceError.self) { try GitReader.localPath(of: server.text) }
    #expect(local?.code == .gitAddress)
  }

  @Test(arguments: [
    "", "state.git", "./state.git", "~/state.git", "git://example.org/state.git",
    "http://example.org/state.git", "ftp://example.org/x", "ssh+git://example.org/x",
    "file://example.org/state.git", "file:", "file://", "ext::sh -c true", "ext::sh", "fd::7",
    "-/srv/state.git", "example.org:state.git", "c:\\state", "://example.org/x", "https:/x/y",
    "https://", "https:///x", "https://example.org", "https://example.org/", "ssh://example.org/",
    "git@example.org:", "git@:x", "@example.org:x", "git@example.org:22:x y",
    "https://-example.org/x", "ssh://-oProxyCommand=x/y", "ssh://git@-x/y", "-git@example.org:x",
    "ssh://-git@example.org/x", "git@example.org:-x", "https://example.org/-x",
    "https://example.org:0/x", "https://example.org:65536/x", "https://example.org:x/y",
    "https://example.org:/x", "https://example.org:+1/x", "https://exa mple.org/x",
    "https://example.org/a b", "https://example.org/x\n", "https://example.org/\u{0}x",
    "\thttps://example.org/x", "https://example.org/x?y=z", "https://example.org/x#y",
    "https://example.org/a%00b", "/srv/a%00b", "https://example.org/a%2",
    "https://example.org/a%zz",
    "https://example.org/a%2e%2e/b", "https://example.org/%2f", "https://example.org/%0a",
    "https://example.org/a/../b", "https://example.org/./b", "git@example.org:../x",
    "ssh://example.org/a'b", "git@example.org:a'; id #", "ssh://example.org/a%20b",
    "ssh://example.org/$(id)", "ssh://example.org/`id`", "https://example..org/x",
    "https://.example.org/x", "https://[::1/x", "https://[x]/y", "https://größe.example/x",
    "https://example.org/größe", "/srv/a\nb", "/srv/\u{202E}x",
    "https://" + String(repeating: "a", count: 64) + ".example/x",
    "/" + String(repeating: "a", count: 5_000),
  ])
  func refusesEverythingElse(text: String) {
    let error = #expect(throws: ApplianceError.self) { try RemoteAddress(text) }
    #expect(error?.code == .gitAddress)
    #expect(error?.hint?.isEmpty == false)
    let isVisible = error?.description.unicodeScalars.allSatisfy { scalar in
      scalar == "\n" || !VisibleText.isInvisible(scalar)
    }
    #expect(isVisible == true)
    #expect((error?.message.utf8.count ?? 0) < 1_000)
    #expect(throws: (any Error).self) {
      try ApplianceJSON.decode([RemoteAddress].self, from: try ApplianceJSON.encode([text]))
    }
  }

  @Test(arguments: [
    "https://canary@example.org/x", "https://me:canary@example.org/x",
    "https://:canary@example.org/x",
    "https://me:can@ary:canary@example.org/x", "https://me:a/canary@example.org/x",
    "https://me:canary%40example.org/x", "https://me:canary", "ssh://git:canary@example.org/x",
    "git:canary@example.org:x", "https://me:canary@exam ple.org/x",
    "http://me:canary@example.org/x",
    "git://canary@example.org/x", "ftp://me:canary@x/y", "https:/me:canary@example.org/x",
    "me:canary@example.org/x", "https://example.org/x?private_token=canary",
    "https://example.org/x#canary", "https://me:canary@example.org/x\n", "file://me:canary@host/x",
    "https://me:canary?@example.org/x", "ext::ssh me:canary@example.org",
  ])
  func showsNoSecret(text: String) {
    let error = #expect(throws: ApplianceError.self) { try RemoteAddress(text) }
    #expect(error?.code == .gitAddress)
    #expect(error?.description.contains("canary") == false, "\(String(describing: error))")
  }

  /// libgit2 takes a colon for the end of a host name, and `%` for the start of an escape.
  @Test(arguments: ["plain", "with space", "host:path", "100%", "a%41b", "größe", "a?b#c", "a\\b"])
  func readsARepositoryAtAnUnusualPath(name: String) throws {
    let folder = try TemporaryFolder()
    let origin = try GitRepository(in: folder, named: name)
    let tip = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "here"]))
    let remote = try RemoteAddress(folder(name))
    #expect(try GitReader.fetch(remote, branch: "main", into: folder("clone")) == tip)
  }

  @Test func asksNoHostForAPathWithAColon() throws {
    let folder = try TemporaryFolder()
    let remote = try RemoteAddress(folder("host:path"))
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(remote, branch: "main", into: folder("clone"))
    }
    #expect(error?.code == .gitMissing)
    #expect(!FileManager.default.fileExists(atPath: folder("clone")))
  }
}
