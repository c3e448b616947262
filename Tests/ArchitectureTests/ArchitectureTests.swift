// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

/// The design, read from the sources: layers, owners, and what no file may hold.
struct ArchitectureTests {
  @Test func sourcesKeepTheRules() throws {
    let sources = try Checkout.swiftSources(under: "Sources")
    #expect(!sources.isEmpty)
    for source in sources {
      record(
        SourceRules.violations(
          target: source.target, file: source.file, source: source.source))
    }
  }

  @Test func noTypeIsNamedLikeItsModule() throws {
    for source in try Checkout.swiftSources(under: "Sources") {
      record(
        SourceRules.namesakes(target: source.target, file: source.file, source: source.source))
    }
  }

  @Test func everyTargetStandsInOneLayer() throws {
    let table = LayerTable.layers.flatMap(\.targets)
    #expect(table.count == Set(table).count, "a target stands in two layers")
    for folder in try Checkout.targetFolders(under: "Sources").sorted()
    where LayerTable.level(of: folder) == nil {
      Issue.record("Sources/\(folder) stands in no layer of LayerTable")
    }
  }

  @Test func manifestDeclaresTheFolders() throws {
    let declared = try Manifest.targets(in: Checkout.text("Package.swift"))
    let folders = try Checkout.targetFolders(under: "Sources")
      .union(Checkout.targetFolders(under: "Tests"))
    for target in declared.subtracting(folders).sorted() {
      Issue.record("Package.swift declares \(target), which has no folder in Sources or Tests")
    }
    for folder in folders.subtracting(declared).sorted() {
      Issue.record("folder \(folder) is no target of Package.swift")
    }
  }

  @Test func everySourceIsUnder400Lines() throws {
    for source in try Checkout.swiftSources(under: "Sources") where source.lineCount >= 400 {
      Issue.record("\(source.file) has \(source.lineCount) lines: look for the second noun in it")
    }
  }

  @Test(arguments: ["Sources", "Tests"])
  func everyFileNamesItsLicence(folder: String) throws {
    let header = """
      // SPDX-License-Identifier: Apache-2.0
      // SPDX-FileCopyrightText: The KafClaw authors

      """
    for source in try Checkout.swiftSources(under: folder)
    where !source.source.hasPrefix(header) {
      Issue.record("\(source.file):1: the two SPDX lines are missing")
    }
  }

  private func record(_ violations: [Violation]) {
    for violation in violations {
      Issue.record("\(violation)")
    }
  }
}
