// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Testing

/// The repository holds the product and nothing of the places it was made in.
struct RepositoryTests {
  @Test(.enabled(if: Repository.isCheckout, "not a git checkout"))
  func everyFileHasItsPlace() throws {
    let files = try Repository.files()
    #expect(files.contains("Package.swift"))
    for file in files {
      if let objection = RepositoryRules.objection(to: file) {
        Issue.record("\(file) has no place here: \(objection)")
      }
    }
  }

  @Test(.enabled(if: Repository.isCheckout, "not a git checkout"))
  func noTextNamesAWorkplaceOrUnfinishedWork() throws {
    for file in try Repository.files() {
      let path = Checkout.root.appending(path: file).path
      guard let bytes = FileManager.default.contents(atPath: path),
        let text = String(data: bytes, encoding: .utf8)
      else { continue }  // deleted in the work tree, or not a text
      for violation in RepositoryRules.violations(file: file, text: text) {
        Issue.record("\(violation)")
      }
    }
  }

  @Test(arguments: [
    "Package.swift", "Sources/Timeline/TimelineStore.swift", "README.md", "LICENSE", ".gitignore",
    ".ci/run", "packaging/test", "docs/a/b.md", "examples/.env.example",
  ])
  func admitsFilesOfTheProduct(file: String) {
    #expect(RepositoryRules.objection(to: file) == nil)
  }

  @Test(arguments: [
    "Package.resolved", "examples/x/Package.resolved", ".build/debug.yaml", ".build-tsan/a",
    "notes.md", "Scripts/x.sh", "src/a.c", "default.profraw",
  ])
  func objectsToOtherFiles(file: String) {
    #expect(RepositoryRules.objection(to: file) != nil)
  }

  @Test(arguments: [
    "cd /work/" + "main && make", "see /work/" + "shared/notes", "path: /ro" + "ot/kafclaw",
    "// " + "TO" + "DO: later", "# " + "FIX" + "ME",
  ])
  func findsWorkplacesAndMarks(line: String) {
    let found = RepositoryRules.violations(file: "Sources/A.swift", text: "first\n\(line)\nlast")
    #expect(found.map(\.line) == [2])
  }

  @Test(arguments: [
    "deny: /ro" + "ot/.ssh/id_ed25519", "deny: /ro" + "ot/**", "home: /ro" + "ot",
    "data/ro" + "ot/file", "MASTO" + "DON", "the work of main",
  ])
  func leavesOtherLinesAlone(line: String) {
    #expect(RepositoryRules.violations(file: "Sources/A.swift", text: line).isEmpty)
  }

  @Test func examplesMayNameTheHomeOfTheSuperuser() {
    let line = "workspace: /ro" + "ot/agent"
    #expect(RepositoryRules.violations(file: "docs/rules.md", text: line).isEmpty)
    #expect(RepositoryRules.violations(file: "packaging/test", text: line).count == 1)
  }
}

/// What git knows of the checkout.
enum Repository {
  struct GitFailure: Error {
    let status: Int32
  }

  static var isCheckout: Bool {
    FileManager.default.fileExists(atPath: Checkout.root.appending(path: ".git").path)
  }

  /// The files in the index and those that `git add --all` would put there.
  static func files() throws -> [String] {
    let root = Checkout.root.path
    let git = Process()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = [
      "git", "-c", "safe.directory=\(root)", "-C", root, "ls-files", "-z", "--cached", "--others",
      "--exclude-standard", "--deduplicate",
    ]
    let output = Pipe()
    git.standardOutput = output
    try git.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    git.waitUntilExit()
    guard git.terminationStatus == 0 else { throw GitFailure(status: git.terminationStatus) }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }
}
