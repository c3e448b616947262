// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import TestSupport
import Testing

/// Over https, from the real `git http-backend`. One after the other: libgit2 has one set of
/// authorities for the whole process.
@Suite(.serialized)
struct HTTPSTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository
  private let authority: TestAuthority
  private let tip: String

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
    authority = try TestAuthority(in: folder.path)
    tip = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "one"]))
  }

  private func start(
    for host: String = "localhost", by other: TestAuthority? = nil, log: String = "log",
    token: String? = nil
  ) throws -> TestServer {
    let (certificate, key) = try (other ?? authority).issue(for: host)
    let words = [certificate, key, folder.path, folder(log)] + (token.map { [$0] } ?? [])
    return try TestServer("https_git.py", words)
  }

  private func fetch(
    _ server: TestServer, path: String = "origin.git", token: String? = nil,
    authority: String? = nil, limits: FetchLimits = FetchLimits()
  ) throws -> String {
    let credential = token.map { RemoteAccess.Credential.token(RemoteSecret(copying: $0.utf8)) }
    let access = RemoteAccess(
      certificateAuthority: authority ?? self.authority.certificate, credential: credential ?? .none
    )
    return try GitReader.fetch(
      try RemoteAddress("https://localhost:\(server.port)/\(path)"), access: access,
      branch: "main", into: folder("clone.git"), limits: limits)
  }

  private func refusal(_ body: () throws -> String) -> ApplianceError? {
    let error = #expect(throws: ApplianceError.self) { try body() }
    #expect(error?.description.contains("canary") == false)
    return error
  }

  /// The requests a server got: method, path, password.
  private func log(_ name: String = "log") throws -> [String] {
    let file = folder(name)
    guard FileManager.default.fileExists(atPath: file) else { return [] }
    let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
    return text.split(separator: "\n").map(String.init)
  }

  @Test func bringsTheTipAndWhatFollows() throws {
    let server = try start()
    #expect(try fetch(server) == tip)
    #expect(try log().map { $0.prefix(4) } == ["GET ", "POST"])
    #expect(try fetch(server) == tip)
    #expect(try log().count == 3, "an unchanged tip costs one question")
    let next = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "two"]), after: tip)
    #expect(try fetch(server) == next)
    let clone = try GitClone(opening: folder("clone.git"))
    #expect(try clone.firstParents(from: next, until: [tip]) == [next])
    let found = try clone.snapshot(
      of: next, branch: "main", folder: "", entries: ["kafclaw.yaml"])
    #expect(found.tree.files["kafclaw.yaml"]?.bytes == Array("two".utf8))
    #expect(try log().allSatisfy { $0.hasSuffix(" -") })
  }

  @Test func bringsAnOldTipBack() throws {
    let server = try start()
    let next = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "two"]), after: tip)
    #expect(try fetch(server) == next)
    try GitClone(opening: folder("clone.git")).accept(commit: next, branch: "main")
    try origin.git("update-ref", "refs/heads/main", tip)
    #expect(try fetch(server) == tip)
    #expect(try log().count == 3, "nothing was to be downloaded")
    #expect(try GitClone(opening: folder("clone.git")).tip(of: "main") == next)
  }

  @Test func refusesAnotherAuthority() throws {
    let server = try start(by: try TestAuthority("other", in: folder.path))
    #expect(refusal { try fetch(server, token: "canary") }?.code == .gitCertificate)
    #expect(try log().isEmpty)
  }

  /// The system's authorities do not know the test's.
  @Test func refusesWhatTheSystemDoesNotTrust() throws {
    let server = try start()
    #expect(try fetch(server) == tip)
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(
        try RemoteAddress("https://localhost:\(server.port)/origin.git"), branch: "main",
        into: folder("clone.git"))
    }
    #expect(error?.code == .gitCertificate)
  }

  @Test func refusesTheCertificateOfAnotherHost() throws {
    let server = try start(for: "elsewhere.example")
    #expect(refusal { try fetch(server, token: "canary") }?.code == .gitCertificate)
    #expect(try log().isEmpty)
  }

  @Test func tellsOfAnAuthorityThatCannotBeRead() throws {
    let server = try start()
    try Data("no PEM".utf8).write(to: URL(filePath: folder("broken.pem")))
    for name in ["broken.pem", "absent.pem"] {
      let error = refusal { try fetch(server, authority: folder(name)) }
      #expect(error?.code == .gitCertificate)
      #expect(error?.message.contains(name) == true)
    }
    #expect(try fetch(server) == tip)
  }

  @Test func givesATokenToWhoAsks() throws {
    let server = try start(token: "canary-1")
    let asked = refusal { try fetch(server) }
    #expect(asked?.code == .gitAuthentication)
    #expect(asked?.hint?.contains("source.credential") == true)
    let count = try log().count
    let refused = refusal { try fetch(server, token: "canary-2") }
    #expect(refused?.code == .gitAuthentication)
    #expect(try log().count == count + 2, "a token that is not taken is sent once")
    #expect(try fetch(server, token: "canary-1\n") == tip)
  }

  @Test(arguments: ["", "\n", "can\0ary"])
  func refusesATokenThatIsNone(token: String) throws {
    let server = try start(token: "x")
    #expect(refusal { try fetch(server, token: token) }?.code == .gitAuthentication)
  }

  @Test func keepsATokenFromWhoDoesNotAsk() throws {
    let server = try start()
    #expect(try fetch(server, token: "canary") == tip)
    #expect(try log().allSatisfy { $0.hasSuffix(" -") })
  }

  /// The other server would take the token; it sees no request at all.
  @Test func followsNoRedirectToAnotherHost() throws {
    let server = try start()
    let other = try start(for: "127.0.0.1", log: "other", token: "canary")
    let place = "moved/127.0.0.1:\(other.port)/origin.git"
    let error = refusal { try fetch(server, path: place, token: "canary") }
    #expect(error?.code == .gitRedirect)
    #expect(error?.message.contains("redirects to 127.0.0.1") == true)
    #expect(try log("other").isEmpty)
    #expect(try log().count == 1)
  }

  @Test func followsARedirectWithinTheHost() throws {
    let server = try start(token: "canary")
    #expect(try fetch(server, path: "alias/origin.git", token: "canary") == tip)
  }

  @Test func tellsOfAMissingRepository() throws {
    let server = try start()
    let error = refusal { try fetch(server, path: "absent.git") }
    #expect(error?.code == .gitMissing)
    #expect(error?.message.contains("https://localhost:\(server.port)/absent.git") == true)
  }

  @Test func tellsOfAServerThatIsGone() throws {
    var server: TestServer? = try start()
    let port = try #require(server?.port)
    server = nil
    let remote = try RemoteAddress("https://localhost:\(port)/origin.git")
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(remote, branch: "main", into: folder("clone.git"))
    }
    #expect(error?.code == .gitUnreachable)
  }

  @Test func limitsWhatItReceives() throws {
    let noise = Data((0..<200_000).map { _ in UInt8.random(in: 0...255) })
    try origin.commit(try origin.tree([.file(try origin.blob(noise), "noise")]))
    let server = try start()
    var limits = FetchLimits()
    limits.receivedBytes = 100_000
    #expect(refusal { try fetch(server, limits: limits) }?.code == .sourceRefused)
    limits = FetchLimits()
    limits.objects = 2
    #expect(refusal { try fetch(server, limits: limits) }?.code == .sourceRefused)
    limits = FetchLimits()
    limits.advertisedBytes = 50
    #expect(refusal { try fetch(server, limits: limits) }?.code == .sourceRefused)
    limits = FetchLimits()
    limits.seconds = -1
    #expect(refusal { try fetch(server, limits: limits) }?.code == .gitUnreachable)
    _ = try fetch(server)
  }
}
