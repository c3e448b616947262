// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// What a fetch is given besides the address, before any server is asked.
struct RemoteAccessTests {
  private static let fingerprint = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
  private static let key =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

  private let secret = RemoteSecret(copying: "canary".utf8)

  private func refusal(_ access: RemoteAccess, _ remote: String) throws -> ApplianceError? {
    let address = try RemoteAddress(remote)
    do { try access.validate(for: address) } catch let error as ApplianceError { return error }
    return nil
  }

  @Test func everyTransportHasItsOwnCredential() throws {
    let pins = [Self.fingerprint]
    let accesses: [(RemoteAccess, [String])] = [
      (RemoteAccess(hostKeys: pins), ["ssh", "https", "file"]),
      (RemoteAccess(hostKeys: pins, credential: .sshKey(secret)), ["ssh"]),
      (RemoteAccess(hostKeys: pins, credential: .token(secret)), ["https"]),
    ]
    let remotes = ["ssh": "git@example.org:x", "https": "https://example.org/x", "file": "/x"]
    for (access, transports) in accesses {
      for (transport, remote) in remotes {
        let error = try refusal(access, remote)
        #expect((error == nil) == transports.contains(transport))
        #expect(error == nil || error?.code == .gitAuthentication)
      }
    }
  }

  @Test func sshWantsAPin() throws {
    for (remote, command) in [
      ("git@example.org:x", "ssh-keyscan example.org | ssh-keygen -lf -"),
      ("ssh://example.org:2222/x", "ssh-keyscan -p 2222 example.org | ssh-keygen -lf -"),
    ] {
      let error = try refusal(RemoteAccess(), remote)
      #expect(error?.code == .gitHostKey)
      #expect(error?.message.contains("example.org") == true)
      #expect(error?.hint?.contains(command) == true)
    }
    #expect(try refusal(RemoteAccess(), "https://example.org/x") == nil)
  }

  @Test(arguments: [
    fingerprint, key, key + " comment of three words",
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY=",
  ])
  func takesPins(pin: String) throws {
    #expect(try refusal(RemoteAccess(hostKeys: [pin]), "git@example.org:x") == nil)
  }

  @Test(arguments: [
    "", " ", "SHA256:", "SHA256:AAAA", fingerprint + "=", fingerprint + " x", "sha256:" + "A",
    "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "ssh-ed25519", "ssh-ed25519 x",
    "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    "example.org " + key, "ssh-ed25519 AAAA", "ssh-ed25519 AAAA////", "\u{1B}[2J", "* " + key,
  ])
  func refusesOtherPins(pin: String) throws {
    for remote in ["git@example.org:x", "https://example.org/x"] {
      let error = try refusal(RemoteAccess(hostKeys: [Self.fingerprint, pin]), remote)
      #expect(error?.code == .gitHostKey)
      #expect(error?.message.contains("\u{1B}") == false)
    }
  }

  @Test(arguments: ["-x", "", "a b", "a:b", "a@b", "a\nb", String(repeating: "u", count: 65)])
  func refusesUnusualUsers(name: String) throws {
    let access = RemoteAccess(username: name)
    #expect(try refusal(access, "https://example.org/x")?.code == .gitAuthentication)
  }

  @Test func comesBackFromJSON() throws {
    let access = RemoteAccess(
      hostKeys: [Self.fingerprint], username: "me", certificateAuthority: "/etc/ca.pem",
      credential: .token(secret))
    let bytes = try ApplianceJSON.encode(access)
    let back = try ApplianceJSON.decode(RemoteAccess.self, from: bytes)
    #expect(try ApplianceJSON.encode(back) == bytes)
    #expect(back.username == "me")
    #expect(back.hostKeys == access.hostKeys)
    guard case .token = back.credential else {
      Issue.record("the token is gone")
      return
    }
  }

  @Test func showsNoSecret() throws {
    for credential in [RemoteAccess.Credential.token(secret), .sshKey(secret)] {
      let access = RemoteAccess(credential: credential)
      var dumped = ""
      dump(access, to: &dumped)
      let numbers = "canary".utf8.map { "\($0)" }.joined(separator: ", ")
      for text in ["\(access)", String(reflecting: access), "\(credential)", dumped, "\([secret])"]
      {
        #expect(!text.contains("canary"))
        #expect(!text.contains(numbers))
        #expect(!text.contains(Data("canary".utf8).base64EncodedString()))
      }
    }
  }

  @Test func refusesUnusualBranches() throws {
    let folder = try TemporaryFolder()
    let origin = try GitRepository(in: folder)
    try origin.commit(try origin.tree([]))
    let remote = try RemoteAddress(origin.path)
    for name in [
      "-x", "a..b", "a/../b", "/a", "a/", "a//b", "refs/heads/main", "refs/tags/v1", "a@{1}", "@",
      "HEAD", "a.lock", "a.lock/b", ".a", "a/.b", "a.", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[",
      "a\\b", "a\u{1}", "a\u{7F}", "a\n", "a\u{202E}b", "", "a/-b", "^main",
      String(repeating: "b", count: 201),
    ] {
      let errors: [ApplianceError?] = [
        #expect(throws: ApplianceError.self) {
          try GitReader.fetch(remote, branch: name, into: folder("clone.git"))
        },
        #expect(throws: ApplianceError.self) {
          try GitReader.snapshot(of: origin.path, branch: name, folder: "", entries: [])
        },
        #expect(throws: ApplianceError.self) {
          try GitClone(lookingAt: origin.path).tip(of: name)
        },
      ]
      for error in errors {
        #expect(error?.code == .gitMissing)
        #expect(error?.hint?.isEmpty == false)
      }
    }
    #expect(!FileManager.default.fileExists(atPath: folder("clone.git")))
  }

  @Test func takesPlainBranches() throws {
    let folder = try TemporaryFolder()
    let origin = try GitRepository(in: folder)
    let remote = try RemoteAddress(origin.path)
    let clone = folder("clone.git")
    for name in [
      "main", "team/side", "release-1.2", "größe", "a@b", "refs", "x_y", "1", "+main", "heads/main",
    ] {
      let tip = try origin.commit(try origin.tree(files: ["name": name]), on: name)
      #expect(try GitReader.fetch(remote, branch: name, into: clone) == tip)
      try GitClone(opening: clone).accept(commit: tip, branch: name)
      #expect(try GitClone(opening: clone).tip(of: name) == tip)
    }
  }

  @Test func sshTellsWhenItHasNoHome() async throws {
    await #expect(processExitsWith: .success) {
      unsetenv("HOME")
      let folder = try TemporaryFolder()
      let error = #expect(throws: ApplianceError.self) {
        try GitReader.fetch(
          try RemoteAddress("ssh://git@127.0.0.1:1/x"),
          access: RemoteAccess(hostKeys: [RemoteAccessTests.fingerprint]), branch: "main",
          into: folder("clone.git"))
      }
      #expect(error?.message.contains("HOME") == true)
    }
  }
}
