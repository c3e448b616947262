// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import TestSupport
import Testing

/// Over ssh, from a real OpenSSH server that lets one key in.
@Suite(.enabled(if: SSHServer.isInstalled, "there is no sshd: install openssh-server"))
struct SSHTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository
  private let server: SSHServer
  private let tip: String

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
    tip = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "one"]))
    for (name, type) in [
      ("host_ed25519", "ed25519"), ("host_ecdsa", "ecdsa"), ("user", "ed25519"),
      ("ecdsa", "ecdsa"), ("stranger", "ed25519"),
    ] {
      try Tool.run(
        "ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "test", "-f", folder(name)],
        in: folder.path)
    }
    var keys = Data()
    for name in ["user.pub", "ecdsa.pub"] {
      keys += try Data(contentsOf: URL(filePath: folder(name)))
    }
    try keys.write(to: URL(filePath: folder("authorized_keys")))
    server = try SSHServer(
      hostKeys: [folder("host_ed25519"), folder("host_ecdsa")],
      authorizedKeys: folder("authorized_keys"), in: folder.path)
  }

  private func fingerprint(_ name: String) throws -> String {
    try SSHServer.fingerprint(of: folder("\(name).pub"), in: folder.path)
  }

  private func publicKey(_ name: String) throws -> String {
    try String(contentsOf: URL(filePath: folder("\(name).pub")), encoding: .utf8)
  }

  private func fetch(
    path: String? = nil, hostKeys: [String]? = nil, key: String? = "user", user: String? = nil
  ) throws -> String {
    let pins = try hostKeys ?? [fingerprint("host_ed25519"), fingerprint("host_ecdsa")]
    var access = RemoteAccess(hostKeys: pins, username: NSUserName())
    if let key {
      let bytes = try Data(contentsOf: URL(filePath: folder(key)))
      access.credential = .sshKey(RemoteSecret(copying: bytes))
    }
    let place = (user.map { $0 + "@" } ?? "") + "127.0.0.1:\(server.port)"
    return try GitReader.fetch(
      try RemoteAddress("ssh://\(place)\(path ?? origin.path)"), access: access, branch: "main",
      into: folder("clone.git"))
  }

  private func refusal(_ body: () throws -> String) throws -> ApplianceError {
    let error = #expect(throws: ApplianceError.self) { try body() }
    return try #require(error)
  }

  @Test(arguments: ["user", "ecdsa"])
  func bringsTheTipAndWhatFollows(key: String) throws {
    #expect(try fetch(key: key) == tip)
    #expect(try fetch(key: key, user: NSUserName()) == tip)
    let next = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "two"]), after: tip)
    #expect(try fetch(key: key) == next)
    let clone = try GitClone(opening: folder("clone.git"))
    #expect(try clone.firstParents(from: next, until: [tip]) == [next])
  }

  @Test func takesAPublicKeyAsPin() throws {
    let keys = [try publicKey("host_ed25519"), try publicKey("host_ecdsa")]
    let pins = keys.map { $0.trimmingCharacters(in: .newlines) }
    #expect(try fetch(hostKeys: pins) == tip)
  }

  @Test func refusesAHostKeyThatIsNotPinned() throws {
    let pins = [try fingerprint("stranger"), try publicKey("user")]
    let error = try refusal {
      try fetch(hostKeys: pins.map { $0.trimmingCharacters(in: .newlines) })
    }
    #expect(error.code == .gitHostKey)
    let presented = try ["host_ed25519", "host_ecdsa"].map { try fingerprint($0) }
    #expect(presented.contains { error.message.contains($0) })
    #expect(!FileManager.default.fileExists(atPath: folder("clone.git/objects/pack/x")))
  }

  @Test func asksNoServerWithoutAPin() throws {
    let error = try refusal { try fetch(hostKeys: []) }
    #expect(error.code == .gitHostKey)
    #expect(!FileManager.default.fileExists(atPath: folder("clone.git")))
  }

  @Test func tellsOfAKeyThatIsNotTaken() throws {
    #expect(try refusal { try fetch(key: "stranger") }.code == .gitAuthentication)
    #expect(try refusal { try fetch(key: nil) }.code == .gitAuthentication)
    #expect(try refusal { try fetch(user: "nobody-of-that-name") }.code == .gitAuthentication)
  }

  @Test func tellsOfAKeyThatIsNone() throws {
    try Data("canary".utf8).write(to: URL(filePath: folder("broken")))
    let error = try refusal { try fetch(key: "broken") }
    #expect(!error.description.contains("canary"))
    #expect([.gitAuthentication, .gitUnreachable].contains(error.code))
  }

  @Test func tellsOfAMissingRepository() throws {
    let error = try refusal { try fetch(path: folder("absent.git")) }
    #expect(error.code == .gitMissing)
    #expect(error.message.contains("absent.git"))
  }

  @Test func tellsOfAMissingBranch() throws {
    try origin.git("update-ref", "-d", "refs/heads/main")
    #expect(try refusal { try fetch() }.code == .gitMissing)
  }
}
