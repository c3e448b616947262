// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import DurableIO
import FoundationEssentials
import Glibc
import Tomb

@testable import Doctor

extension HostBuilder {
  /// Writes a file of the operating system.
  func place(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
    try write(text, to: system.path(path), mode: mode)
  }

  /// Makes a link of the operating system, and the folders above it.
  func place(_ path: String, linkTo target: String) throws {
    let full = system.path(path)
    try PrivateFolder.create(DurableFile.parentFolder(of: full))
    try link(full, to: target)
  }

  func removeSystemFile(_ path: String) throws {
    try DurableFile.removeIfPresent(system.path(path))
  }

  /// Puts a Debian there that is kept as it should be.
  func placeDebian() throws {
    try place("/etc/debian_version", "12.8\n")
    try place("/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease", "")
    try place(
      "/etc/apt/apt.conf.d/20auto-upgrades", "APT::Periodic::Unattended-Upgrade \"1\";\n")
    try place("/etc/ufw/ufw.conf", "# comment\nENABLED=yes\nLOGLEVEL=low\n")
    try place("/etc/passwd", Self.accounts)
    try place("/etc/group", "root:x:0:\nsudo:x:27:alice\nusers:x:100:\n")
    try place(
      "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n")
    try place("/etc/ssh/sshd_config.d/10-keys.conf", "PasswordAuthentication no\n")
  }

  static let accounts = """
    root:x:0:0:root:/root:/bin/bash
    daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
    alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash

    """

  /// Lets the appliance run as two processes, which the kernel knows of.
  mutating func runProcesses(user: UInt32 = 64_777, arguments: String = "kafclaw\0component\0")
    throws
  {
    let gateway = ApplianceStatus.Component(
      name: "gateway", pid: 4_711, health: .healthy, configDigest: nil, restarts: 0, message: nil)
    try run(.healthy(components: [gateway]))
    try write("pid 4700 (kafclaw run)\n", to: paths.lock)
    for pid in [4_700, 4_711] {
      try place(
        "/proc/\(pid)/status", "Name:\tkafclaw\nUid:\t\(user)\t\(user)\t\(user)\t\(user)\n")
      try place("/proc/\(pid)/cmdline", arguments)
    }
  }

  /// What the kernel lists in `/proc/net/tcp` or `tcp6`.
  func placeSockets(_ lines: [String], family: String = "") throws {
    let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    try place("/proc/net/tcp\(family)", ([head] + lines).map { "\($0)\n" }.joined())
  }

  static func socket(_ address: String, state: String = "0A", user: Int = 64_777, inode: Int)
    -> String
  {
    "   0: \(address) 00000000:0000 \(state) 00000000:00000000 00:00000000 00000000 \(user)        0 "
      + "\(inode) 1 0000000000000000 100 0 0 10 0"
  }
}

extension HostBuilder {
  /// Takes a state that no text gives: it listens everywhere, and no token is declared.
  mutating func exposeWithoutToken() throws {
    guard let state = try desired.get() else { return }
    let text = String(decoding: try ApplianceJSON.encode(state), as: UTF8.self)
      .replacing("127.0.0.1", with: "0.0.0.0")
    desired = .success(try ApplianceJSON.decode(LoadedState.self, from: text.utf8))
  }

  /// Makes a tomb and in it the token of the shared client.
  mutating func makeToken(expires: Date? = nil) throws {
    let store = try makeTomb()
    _ = try TokenStore(store).generate(
      ClientToken.sharedName, scopes: TokenScope.shared, expires: expires, at: now)
    tokens = .success(try TokenStore(store).read())
  }

  func makeTomb() throws -> TombStore {
    let store = try tomb.get()
    try store.create(recovery: [try RecoveryKey.random().recipient], at: now)
    return store
  }
}

/// Makes a file of the operating system as young as the host's clock says it is.
func setTime(of path: String, _ host: HostBuilder) throws {
  let seconds = time_t(host.now.timeIntervalSince1970)
  var times = [timeval(tv_sec: seconds, tv_usec: 0), timeval(tv_sec: seconds, tv_usec: 0)]
  guard utimes(host.system.path(path), &times) == 0 else {
    throw ApplianceError.system("set time of", path)
  }
}
