// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Sandbox
import Testing

@Suite(.serialized)
struct EscapeTests {
  @Test("every attempt to escape is held", arguments: Backend.usable)
  func attemptsAreHeld(backend: Backend) throws {
    let folder = try TemporaryFolder()
    // Whoever runs the commands must come through.
    chmod(folder.path, 0o755)
    chmod(folder.root, 0o755)
    let treeAttempt = "takes all memory with many processes"
    let isWhole = backend.probe.enforced.contains(.memory)
    let findings = try EscapeSuite.run(backend.runner, scratch: folder.root)
    for finding in findings where isWhole || finding.name != treeAttempt {
      #expect(finding.held, "\(backend.probe.backend) \(finding.name): \(finding.evidence)")
    }
    // The attempt is worth something: it gets through where only each process has a limit.
    let tree = try #require(findings.first { $0.name == treeAttempt })
    #expect(tree.held == isWhole, "\(backend.probe.backend): \(tree.evidence)")
    #expect(try folder.names(in: "root").isEmpty)
  }

  @Test("attempts do escape where there is no sandbox")
  func attemptsWorkOnTheHost() throws {
    let folder = try TemporaryFolder()
    let names: Set = [
      "reads a file by its absolute path", "reads through a link that lies in the workspace",
      "reaches a service on the loopback address", "reaches an abstract socket",
      "signals a process of the host", "sees processes of the host", "traces another process",
    ]
    let attempts = EscapeSuite.attempts.filter { names.contains($0.name) }
    #expect(attempts.count == names.count)
    chmod(folder.path, 0o755)
    chmod(folder.root, 0o755)
    for finding in try EscapeSuite.run(SandboxRunner(.host), scratch: folder.root, attempts) {
      #expect(!finding.held, "\(finding.name): \(finding.evidence)")
    }
  }

  @Test("no process survives even without a sandbox")
  func nothingSurvivesOnTheHost() throws {
    let folder = try TemporaryFolder()
    let names: Set = ["leaves processes behind", "outlives its time", "writes without end"]
    let attempts = EscapeSuite.attempts.filter { names.contains($0.name) }
    for finding in try EscapeSuite.run(SandboxRunner(.host), scratch: folder.root, attempts) {
      #expect(finding.held, "\(finding.name): \(finding.evidence)")
    }
  }
}
