// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Skills
import TestSupport
import Testing

struct SkillStoreTests {
  @Test("what is kept is read again, and what was changed is refused, then put back")
  func changed() throws {
    let scratch = try Scratch("store")
    let store = SkillStore(.user(home: scratch.path))
    let package = try SkillCase.package(["scripts/run": "#!/bin/sh\n", "a/b/c.txt": "x"])
    #expect(throws: ApplianceError.self) { try store.package(package.digest) }
    try store.keep(package)
    try store.keep(package)
    #expect(try store.package(package.digest) == package)
    #expect(try store.digests() == [package.digest])
    let folder =
      AppliancePaths.user(home: scratch.path).skillPackages + "/"
      + package.digest.rawValue.dropFirst(7)
    for deed in [
      "echo y > '\(folder)/a/b/c.txt'", "rm '\(folder)/scripts/run'", "echo z > '\(folder)/more'",
      "ln -s /etc/passwd '\(folder)/link'", "rm -r '\(folder)'; ln -s /etc '\(folder)'",
      "rm -r '\(folder)'; echo > '\(folder)'",
    ] {
      _ = try Shell.run(deed)
      #expect(!store.has(package.digest), "\(deed)")
      try store.keep(package)
      #expect(try store.package(package.digest) == package, "\(deed)")
    }
    #expect(FileManager.default.fileExists(atPath: "/etc/passwd"))
    try store.remove(package.digest)
    #expect(!store.has(package.digest))
    #expect(throws: ApplianceError.self) { try store.package(Digest(rawValue: "sha256:../..")) }
  }

  private enum Shell {
    static func run(_ command: String) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", command]
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
  }
}
