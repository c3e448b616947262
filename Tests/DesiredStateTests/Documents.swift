// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials

/// Loads documents as `kafclaw validate` does, on a host without a name and an empty environment.
enum Documents {
  /// The least that a document must say; two lines.
  static let header = "version: 1\nappliance: {name: probe}\n"

  static func load(_ bytes: [UInt8]) -> LoadOutcome {
    load(SourceTree(files: ["kafclaw.yaml": SourceTree.File(bytes: bytes)]), nil, [:])
  }

  static func load(_ text: String) -> LoadOutcome {
    load(Array(text.utf8))
  }

  static func load(
    files: [String: String], host: String? = nil, environment: [String: String] = [:]
  ) -> LoadOutcome {
    let tree = SourceTree(files: files.mapValues { SourceTree.File(bytes: Array($0.utf8)) })
    return load(tree, host, environment)
  }

  static func load(
    _ tree: SourceTree, _ host: String?, _ environment: [String: String]
  ) -> LoadOutcome {
    let overrides = EnvironmentOverrides(environment: environment)
    return DesiredStateLoader(host: host, overrides: overrides).load(tree)
  }
}

extension LoadOutcome {
  /// The state, `nil` of an invalid outcome.
  var state: LoadedState? {
    if case .valid(let state) = self { return state }
    return nil
  }

  /// The issues, none of a valid outcome.
  var issues: [ValidationIssue] {
    if case .invalid(let issues) = self { return issues }
    return []
  }
}

extension ValidationIssue {
  /// `line:column rule path`, as the corpus writes it.
  var summary: String { "\(line):\(column) \(rule) \(path.isEmpty ? "-" : path)" }
}

/// The checkout these tests were compiled from.
enum Checkout {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appending(path: path)))
  }

  /// The names in a folder, sorted; none where it is missing, which a test of its own reports.
  static func names(in path: String) -> [String] {
    let folder = root.appending(path: path).path
    // `try?`: test arguments cannot throw; the tests check that there are some.
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    return (names ?? []).sorted()
  }

  /// The folders of `examples/`.
  static let examples = names(in: "examples").filter { name in
    names(in: "examples/\(name)").contains("kafclaw.yaml")
  }
}
