// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import TestSupport
import Testing

/// Servers that send what no server should. They are asked from other processes, as in the product:
/// some of them hold libgit2 for good, or end it.
struct HostileServerTests {
  /// What a server does, and what comes of it.
  private struct Server {
    let mode: String
    let code: ApplianceError.Code
    var word = "["
    /// The time that the server is given. Seconds.
    var seconds = 30
  }

  /// More than what any of them may take in addition. Bytes.
  private static let memory = 96 << 20

  private let folder: TemporaryFolder
  private let authority: TestAuthority
  private let accepted: String
  private let server: TestServer

  init() throws {
    folder = try TemporaryFolder()
    authority = try TestAuthority(in: folder.path)
    let origin = try GitRepository(in: folder)
    accepted = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "trusted"]))
    let clone = folder("clone.git")
    try GitReader.fetch(try RemoteAddress(origin.path), branch: "main", into: clone)
    try GitClone(opening: clone).accept(commit: accepted, branch: "main")
    let (certificate, key) = try authority.issue(for: "localhost")
    let wanted = String(repeating: "1", count: 40)
    server = try TestServer("hostile_git.py", [certificate, key, wanted])
  }

  /// What the server did changed nothing of what was there.
  private static func expectTheCloneAsItWas(
    _ folder: String, _ accepted: String, _ mode: Comment
  ) throws {
    let clone = try GitClone(opening: folder + "/clone.git")
    #expect(try clone.tip(of: "main") == accepted, mode)
    #expect(try clone.candidate() == accepted, mode)
    let found = try clone.snapshot(
      of: accepted, branch: "main", folder: "", entries: ["kafclaw.yaml"])
    #expect(found.tree.files["kafclaw.yaml"]?.bytes == Array("trusted".utf8), mode)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder + "/clone.git")
    let references = names.filter { $0.hasPrefix("refs/") }.sorted()
    #expect(
      references == [
        "refs/heads", "refs/heads/main", "refs/kafclaw", "refs/kafclaw/candidate", "refs/tags",
      ], mode)
    #expect(!FileManager.default.fileExists(atPath: folder + "/escaped"), mode)
  }

  private static let servers = [
    Server(mode: "html", code: .gitFailed, word: "content-type"),
    Server(mode: "unavailable", code: .gitUnreachable, word: "503"),
    Server(mode: "not-git", code: .gitFailed, word: "packet"),
    Server(mode: "error", code: .gitFailed, word: "go away"),
    Server(mode: "redirect-loop", code: .gitRedirect),
    Server(mode: "redirect-to-http", code: .gitRedirect),
    Server(mode: "drip", code: .gitUnreachable, word: "takes over 2 s", seconds: 2),
    Server(mode: "endless-refs", code: .sourceRefused, word: "bytes"),
    Server(mode: "many-refs", code: .gitMissing, word: "main"),
    Server(mode: "hostile-names", code: .gitMissing, word: "main"),
    Server(mode: "endless-acknowledgements", code: .sourceRefused, word: "bytes"),
    Server(mode: "endless-messages", code: .sourceRefused, word: "bytes"),
    Server(mode: "endless-pack", code: .sourceRefused, word: "bytes"),
    Server(mode: "wrong-checksum", code: .sourceRefused),
    Server(mode: "cut-pack", code: .sourceRefused),
    Server(mode: "cut-connection", code: .gitUnreachable),
    Server(mode: "broken-compression", code: .sourceRefused),
    Server(mode: "many-objects", code: .sourceRefused),
    Server(mode: "large-object", code: .sourceRefused, word: "did not send commit"),
    Server(mode: "large-delta", code: .sourceRefused, word: "large object"),
    Server(mode: "endless-delta-base", code: .sourceRefused),
    Server(mode: "other-objects", code: .sourceRefused, word: "did not send commit"),
  ]

  @Test func endsInBoundedTimeAndMemory() async throws {
    await #expect(processExitsWith: .success) {
      [
        port = server.port as Int, authority = authority.certificate as String,
        folder = folder.path as String, accepted = accepted as String
      ] in
      setAlarm(300)
      for server in HostileServerTests.servers {
        let (start, memory) = (ContinuousClock.now, peakMemory())
        var (code, text) = (ApplianceError.Code("none"), "")
        do {
          try HostileServerTests.fetch(server, port: port, authority: authority, folder: folder)
        } catch let error as ApplianceError {
          (code, text) = (error.code, error.description)
        }
        let (time, added) = (start.duration(to: .now), peakMemory() - memory)
        let note: Comment = "\(server.mode): \(text), \(time), \(added) bytes"
        #expect(code == server.code, note)
        #expect(text.contains(server.word), note)
        #expect(!text.contains("\u{1B}"), note)
        #expect(time < .seconds(60), note)
        #expect(added < HostileServerTests.memory, note)
        try HostileServerTests.expectTheCloneAsItWas(folder, accepted, note)
      }
    }
    try Self.expectTheCloneAsItWas(folder.path, accepted, "")
  }

  /// libgit2 1.5 waits without an end, so the process has a limit; here an alarm clock.
  @Test(arguments: ["silent", "stall", "stall-in-pack", "endless-sign-in"])
  func canBeEndedWhenAServerIsSilent(mode: String) async throws {
    let silent = mode == "silent" ? try TestServer("hostile_git.py", ["silent"]) : server
    await #expect(processExitsWith: .signal(SIGALRM)) {
      [
        port = silent.port as Int, authority = authority.certificate as String,
        folder = folder.path as String, mode = mode as String
      ] in
      setAlarm(3)
      let server = Server(mode: mode, code: .gitUnreachable, seconds: 600)
      try HostileServerTests.fetch(server, port: port, authority: authority, folder: folder)
    }
    try Self.expectTheCloneAsItWas(folder.path, accepted, "\(mode)")
  }

  @Test func canBeEndedWhenAnSSHServerIsSilent() async throws {
    let silent = try TestServer("hostile_git.py", ["silent"])
    await #expect(processExitsWith: .signal(SIGALRM)) {
      [port = silent.port as Int, clone = folder("clone.git") as String] in
      setAlarm(3)
      let pin = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
      try GitReader.fetch(
        try RemoteAddress("ssh://git@127.0.0.1:\(port)/x"),
        access: RemoteAccess(hostKeys: [pin]), branch: "main", into: clone)
    }
    try Self.expectTheCloneAsItWas(folder.path, accepted, "ssh")
  }

  /// libgit2 1.5.1 compares a query that is not there and crashes; later ones follow the redirect.
  /// Either way it is the end of one process and of nothing else.
  @Test func survivesARedirectThatLibgit2MayNot() async throws {
    await #expect(processExitsWith: .failure) {
      [
        port = server.port as Int, authority = authority.certificate as String,
        folder = folder.path as String
      ] in
      setAlarm(60)
      signal(SIGSEGV, SIG_DFL)
      let server = Server(mode: "redirect-without-query", code: .gitFailed)
      do {
        try HostileServerTests.fetch(server, port: port, authority: authority, folder: folder)
      } catch {
        exit(1)
      }
    }
    try Self.expectTheCloneAsItWas(folder.path, accepted, "redirect")
  }

  private static func fetch(
    _ server: Server, port: Int, authority: String, folder: String
  ) throws {
    var limits = FetchLimits()
    limits.seconds = server.seconds
    limits.receivedBytes = 8 << 20
    try GitReader.fetch(
      try RemoteAddress("https://localhost:\(port)/\(server.mode)/origin.git"),
      access: RemoteAccess(
        certificateAuthority: authority, credential: .token(RemoteSecret(copying: "x".utf8))),
      branch: "main", into: folder + "/clone.git", limits: limits)
  }
}

/// Ends this process after some seconds, even where it was started with signals blocked.
private func setAlarm(_ seconds: UInt32) {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGALRM)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  alarm(seconds)
}
