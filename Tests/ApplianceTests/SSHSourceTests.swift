// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Over ssh, with a deploy key and a pinned host key.
@Suite(.enabled(if: SSHServer.isInstalled, "there is no sshd: install openssh-server"))
struct SSHSourceTests: RemoteSource {
  let host: SignedHost
  let start: String
  let ports: (Int, Int)
  private let origin: Scratch
  private let server: SSHServer

  init() throws {
    origin = try Scratch("origin")
    ports = (try FreePort.next(), try FreePort.next())
    host = try SignedHost("ssh", origin: origin)
    for name in ["host", "other", "deploy", "stranger"] {
      try host.signed.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(origin.path)/\(name)"])
    }
    server = try SSHServer(
      hostKeys: ["\(origin.path)/host"], authorizedKeys: "\(origin.path)/deploy.pub",
      in: origin.path)
    start = try host.signed.commit(["kafclaw.yaml": Self.yaml(ports, name: "one")])
    try storeKey("deploy")
  }

  private func storeKey(_ name: String) throws {
    try host.store(
      try String(contentsOfFile: "\(origin.path)/\(name)", encoding: .utf8), as: "deploy-key")
  }

  private func configure(hostKey: String) throws {
    let pin = try SSHServer.fingerprint(of: "\(origin.path)/\(hostKey).pub", in: origin.path)
    try host.configure(
      "verify: signatures, start: \"\(start)\", username: \(NSUserName()), "
        + "credential: file:deploy-key, hostKeys: [\"\(pin)\"]",
      repository: "ssh://127.0.0.1:\(server.port)\(host.signed.path)")
  }

  func configure() throws { try configure(hostKey: "host") }

  @Test func repositoryIsFollowed() throws { try requireFollowed() }

  @Test func otherHostKeyIsRefused() throws {
    try configure(hostKey: "other")
    try requireRefused("host key")
  }

  @Test func strangersKeyIsRefused() throws {
    try configure()
    try storeKey("stranger")
    try requireRefused("127.0.0.1")
  }
}
