// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A real OpenSSH server on the loopback that lets the tests' own user in, by key.
public struct SSHServer: Sendable {
  public static var isInstalled: Bool { Tool.path("sshd") != nil }

  public let port: Int
  private let server: TestServer

  /// - Parameters:
  ///   - hostKeys: Files of private keys.
  ///   - authorizedKeys: File of the public keys that are let in.
  ///   - folder: Where the configuration is written.
  public init(hostKeys: [String], authorizedKeys: String, in folder: String) throws {
    guard let program = Tool.path("sshd") else {
      throw TestServer.Failure(what: "there is no sshd")
    }
    let keys = hostKeys.map { "HostKey \($0)\n" }.joined()
    let configuration = """
      \(keys)AuthorizedKeysFile \(authorizedKeys)
      AuthenticationMethods publickey
      PermitRootLogin prohibit-password
      StrictModes no
      UsePAM no
      PidFile none
      """
    let file = "\(folder)/sshd_config"
    try Data(configuration.utf8).write(to: URL(filePath: file))
    server = try TestServer("ssh_git.py", [program, file])
    port = server.port
  }

  /// The fingerprint of a key, as `ssh-keygen -l` prints it.
  public static func fingerprint(of publicKey: String, in folder: String) throws -> String {
    let line = try Tool.run("ssh-keygen", ["-lf", publicKey], in: folder)
    return String(line.split(separator: " ")[1])
  }
}
