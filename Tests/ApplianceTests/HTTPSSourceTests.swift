// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Over https, with a token and an authority of the host's own.
@Suite struct HTTPSSourceTests: RemoteSource {
  let host: SignedHost
  let start: String
  let ports: (Int, Int)
  private let origin: Scratch
  private let server: TestServer
  private let token = "canary-\(UUID().uuidString)"

  init() throws {
    origin = try Scratch("origin")
    ports = (try FreePort.next(), try FreePort.next())
    host = try SignedHost("https", origin: origin)
    let (certificate, key) = try TestAuthority(in: origin.path).issue(for: "localhost")
    server = try TestServer(
      "https_git.py", [certificate, key, origin.path, "\(origin.path)/log", token])
    _ = try TestAuthority("other", in: origin.path)
    start = try host.signed.commit(["kafclaw.yaml": Self.yaml(ports, name: "one")])
    try host.signed.run([
      "chmod", "a+r", "\(origin.path)/authority.pem", "\(origin.path)/other.pem",
    ])
    try host.store(token, as: "token")
  }

  private func configure(authority: String) throws {
    try host.configure(
      "verify: signatures, start: \"\(start)\", credential: file:token, "
        + "certificateAuthority: \(origin.path)/\(authority).pem",
      repository: "https://localhost:\(server.port)/signed/.git")
  }

  func configure() throws { try configure(authority: "authority") }

  @Test func repositoryIsFollowed() throws { try requireFollowed() }

  @Test func otherAuthorityIsRefused() throws {
    try configure(authority: "other")
    try requireRefused("certificate")
  }

  @Test func otherTokenIsRefusedAndNotTold() throws {
    try configure()
    try host.store("canary-wrong", as: "token")
    try requireRefused("localhost")
    #expect(try !host.run("history").output.contains("canary"))
  }

  @Test func credentialThatOthersCanReadIsNotUsed() throws {
    try configure()
    _ = chmod("\(host.home)/.config/kafclaw/credentials/token", 0o644)
    try requireRefused("token")
    #expect(!FileManager.default.fileExists(atPath: "\(origin.path)/log"))
  }
}
