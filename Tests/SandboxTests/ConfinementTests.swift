// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Sandbox
import Testing

/// Confinement is for ever, so each test runs in a process of its own.
struct ConfinementTests {
  @Test("files beside the rules are out of reach")
  func files() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try folder.put("x", in: "root/old")
      let report = ComponentConfinement.apply(
        ComponentConfinement.Rules(writable: [folder.root]))
      guard report.landlockVersion > 0 else { return }
      #expect(report.files)
      #expect(open(folder("outside/secret"), O_RDONLY) < 0 && errno == EACCES)
      #expect(open("/root", O_RDONLY) < 0 && errno == EACCES)
      #expect(open("/usr/new", O_WRONLY | O_CREAT, 0o600) < 0 && errno == EACCES)
      #expect(open(folder("root/new"), O_WRONLY | O_CREAT, 0o600) >= 0)
      #expect(rename(folder("root/new"), folder("root/old")) == 0)
      for path in ["/etc/passwd", "/dev/urandom", "/proc/self/status", "/usr/bin/env"] {
        #expect(open(path, O_RDONLY) >= 0, "\(path): \(errno)")
      }
    }
  }

  @Test("only the given ports can be listened on")
  func ports() async {
    await #expect(processExitsWith: .success) {
      let report = ComponentConfinement.apply(ComponentConfinement.Rules(bindPorts: [0]))
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      #expect(listener >= 0)
      func attempt(_ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
      }
      guard report.ports else { return }
      #expect(attempt(18_999) < 0 && errno == EACCES)
      #expect(attempt(0) == 0)
    }
  }

  @Test("programs and dangerous system calls are refused in all threads")
  func systemCalls() async {
    await #expect(processExitsWith: .success) {
      let report = ComponentConfinement.apply(ComponentConfinement.Rules())
      #expect(report.systemCalls)
      let results = onThreads(3) { _ -> Int32 in
        var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
        execv("/usr/bin/true", &arguments)
        return errno
      }
      let errors = try results.map { try $0.get() }
      #expect(errors == [EPERM, EPERM, EPERM])
      #expect(chroot("/tmp") < 0 && errno == EPERM)
      #expect(socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), 0) >= 0)
      #expect(socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0) < 0 && errno == EAFNOSUPPORT)
      // libdispatch sets priorities of its threads.
      let own = __priority_which_t(PRIO_PROCESS.rawValue)
      #expect(setpriority(own, 0, getpriority(own, 0)) == 0)
    }
  }
}
