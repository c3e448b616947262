// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Guardrails
import Testing

/// The examples are correct: what an operator copies loads, and passes its own guardrails.
struct ExamplesTests {
  @Test func examplesAreThere() {
    #expect(Set(Checkout.examples).isSuperset(of: ["fleet", "minimal", "team"]))
  }

  @Test(arguments: Checkout.examples)
  func exampleLoadsOnEveryHost(name: String) throws {
    let tree = try read(name)
    for host in hosts(of: tree) {
      let outcome = Documents.load(tree, host, [:])
      let place = "examples/\(name), host \(host ?? "none")"
      #expect(outcome.issues.map(\.description) == [], "\(place)")
      let state = try #require(outcome.state, "\(place)")
      #expect(state.warnings.map(\.description) == [], "\(place)")
    }
  }

  @Test(arguments: Checkout.examples)
  func examplePassesItsGuardrails(name: String) throws {
    let tree = try read(name)
    for host in hosts(of: tree) {
      let spec = try #require(Documents.load(tree, host, [:]).state).spec
      let findings = try GuardrailEvaluator(packs: spec.guardrails).evaluate(spec.effective)
      let denied = findings.filter { $0.result == .deny }.map(\.id)
      #expect(denied == [], "examples/\(name), host \(host ?? "none")")
    }
  }

  @Test func fleetDiffersFromHostToHost() throws {
    let tree = try read("fleet")
    let specs = try hosts(of: tree).map { host in
      try #require(Documents.load(tree, host, [:]).state).spec
    }
    #expect(specs.count >= 3)
    for (index, spec) in specs.enumerated() {
      #expect(!specs[..<index].contains(spec))
    }
  }

  private func read(_ name: String) throws -> SourceTree {
    try FolderReader.read(
      Checkout.root.appending(path: "examples/\(name)").path, entries: DesiredStateLoader.entries)
  }

  /// No host, and every host with a file of its own.
  private func hosts(of tree: SourceTree) -> [String?] {
    let files = tree.files.keys.filter { $0.hasPrefix("hosts/") && $0.hasSuffix(".yaml") }
    let named: [String?] = files.sorted().map { String($0.dropFirst(6).dropLast(5)) }
    return [nil] + named
  }
}
