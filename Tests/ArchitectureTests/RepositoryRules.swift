// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What the repository may hold. Words to find are put together, so that no file here holds them.
enum RepositoryRules {
  private static let topLevel: Set<String> = [
    "LICENSE", "Package.swift", "README.md", "Sources", "Tests", "docs", "examples", "packaging",
    "policies",
  ]

  /// Folders of machines the project was made on.
  private static let workplaces = ["/work/" + "main", "/work/" + "shared"]
  private static let home = "/ro" + "ot/"

  /// Where the superuser's home is a path to protect, or an example of one.
  private static let homeIsAnExample = [
    "Tests/SandboxTests/",
    "Sources/DesiredState/Rules/", "Tests/DesiredStateTests/", "docs/",
  ]

  /// Why a tracked path has no place in the repository, nil when it has.
  static func objection(to file: String) -> String? {
    let parts = file.split(separator: "/").map(String.init)
    if parts.last == "Package.resolved" { return "versions are resolved by who builds" }
    if parts.contains(where: { $0.hasPrefix(".build") }) { return "the output of a build" }
    guard let first = parts.first, !first.hasPrefix("."), !topLevel.contains(first) else {
      return nil
    }
    return "the top level holds \(topLevel.sorted().joined(separator: ", ")) and dot files"
  }

  static func violations(file: String, text: String) -> [Violation] {
    let lines = text.split(separator: /\r?\n/, omittingEmptySubsequences: false).map(String.init)
    return lines.enumerated().flatMap { index, line in
      objections(to: line, in: file).map { Violation(file: file, line: index + 1, reason: $0) }
    }
  }

  private static func objections(to line: String, in file: String) -> [String] {
    var objections = workplaces.filter { line.contains($0) }.map { "names the workplace \($0)" }
    if !homeIsAnExample.contains(where: { file.hasPrefix($0) }), namesVisibleFile(in: home, line) {
      objections.append("names a workplace in \(home)")
    }
    if CodeRules.marks.contains(where: { line.contains($0) }),
      Token.tokens(in: [line]).contains(where: { CodeRules.marks.contains($0.text) })
    {
      objections.append("unfinished work is not committed")
    }
    return objections
  }

  /// Hidden files (`.ssh`) are what policies protect; a visible one is somebody's place of work.
  private static func namesVisibleFile(in folder: String, _ line: String) -> Bool {
    line.ranges(of: folder).contains { range in
      let isPathStart = line[..<range.lowerBound].last.map { !$0.isLetter && !$0.isNumber } ?? true
      let next = line[range.upperBound...].first
      return isPathStart && next.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }
  }
}
