// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Sandbox
import Testing

/// A caller that is killed in the middle leaves no process behind.
@Suite(.serialized)
struct CallerDeathTests {
  @Test("bubblewrap ends with its caller", .enabled(if: Backend.isBubblewrapUsable))
  func bubblewrap() async {
    await #expect(processExitsWith: .signal(SIGKILL)) { dieWhileRunning(.bubblewrap) }
    #expect(Survivors.vanish(naming: Survivors.marker(.bubblewrap)))
  }

  @Test("what podman runs for a caller that was killed is swept", .enabled(if: isUsable(.podman)))
  func podman() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { dieWhileRunning(.podman) }
    try sweep(.podman)
  }

  @Test("what docker runs for a caller that was killed is swept", .enabled(if: isUsable(.docker)))
  func docker() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { dieWhileRunning(.docker) }
    try sweep(.docker)
  }

  private static func isUsable(_ backend: SandboxBackend) -> Bool {
    Backend.usable(backend) != nil
  }

  private func sweep(_ backend: SandboxBackend) throws {
    let runner = try #require(Backend.usable(backend)).runner
    try runner.sweep()
    #expect(Survivors.vanish(naming: Survivors.marker(backend)))
    // And the next one finds nothing that keeps it from working.
    #expect(try runner.run(script("echo here")).text == "here\n")
  }

  @Test("a command without a sandbox ends with its caller")
  func host() async {
    await #expect(processExitsWith: .signal(SIGKILL)) { dieWhileRunning(.host) }
    #expect(Survivors.vanish(naming: Survivors.marker(.host)))
  }
}

private func dieWhileRunning(_ backend: SandboxBackend) {
  let marker = Survivors.marker(backend)
  let runner = backend == .host ? SandboxRunner(.host) : Backend.usable(backend)?.runner
  Thread {
    // `try?`: the process does not live long enough to see the outcome.
    _ = try? runner?.run(
      script("(setsid perl -e 'sleep 300' \(marker) &) ; exec perl -e 'sleep 300' \(marker)"))
  }.start()
  if Survivors.appear(naming: marker) { kill(getpid(), SIGKILL) }
}

private enum Survivors {
  static func marker(_ backend: SandboxBackend) -> String { "kafclaw-orphan-\(backend.rawValue)" }

  static func appear(naming marker: String) -> Bool { wait { count(marker) >= 2 } }

  static func vanish(naming marker: String) -> Bool { wait { count(marker) == 0 } }

  /// Looks again and again for at most half a minute.
  private static func wait(_ condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
      if condition() { return true }
      poll(nil, 0, 10)
    }
    return false
  }

  private static func count(_ marker: String) -> Int {
    let manager = FileManager.default
    // `try?`: a process that ended meanwhile is none.
    let names = (try? manager.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.count { name in
      guard Int(name) != nil, let line = manager.contents(atPath: "/proc/\(name)/cmdline") else {
        return false
      }
      return line.split(separator: 0).contains { $0.elementsEqual(marker.utf8) }
    }
  }
}
