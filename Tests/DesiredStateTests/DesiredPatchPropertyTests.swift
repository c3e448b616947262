// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import DesiredState

/// Patches of random fields in random documents.
struct DesiredPatchPropertyTests {
  private let bench: PatchBench

  init() throws { bench = try PatchBench() }

  @Test func oneValueChangesOnOneLine() throws {
    let seed = SplitMix64.seed(of: "patches of values")
    var generator = PatchGenerator(seed: seed)
    var patched = 0
    for round in 1...150 {
      let place = "seed \(seed), round \(round)"
      let (tree, state) = try document(&generator, place)
      guard let change = generator.change(in: state),
        let (patch, after) = try loaded(tree, state, change, place)
      else { continue }
      patched += 1
      #expect(patch.left == [], "\(place): \(change)")
      #expect(patch.tree.files.count == 1, "\(place): \(change)")
      let (old, new) = (leaves(state.effective), leaves(after.effective))
      #expect(difference(old, new) == [change.path], "\(place): \(change)")
      let (before, behind) = (lines(of: tree), lines(of: patch.tree))
      #expect(before.count == behind.count, "\(place): \(change)")
      #expect(zip(before, behind).count { $0 != $1 } == 1, "\(place): \(change)")
      let applied = try bench.apply(patch.text, to: tree.files)
      #expect(applied == patch.tree.files.mapValues(\.bytes), "\(place): \(change)")
    }
    #expect(patched > 75, "seed \(seed)")
  }

  @Test func absentValueComesWithAFile() throws {
    let seed = SplitMix64.seed(of: "patches of absent values")
    var generator = PatchGenerator(seed: seed)
    var patched = 0
    for round in 1...75 {
      let place = "seed \(seed), round \(round)"
      let (tree, state) = try document(&generator, place)
      guard let change = generator.addition(to: state),
        let (patch, after) = try loaded(tree, state, change, place)
      else { continue }
      patched += 1
      #expect(patch.left == [], "\(place): \(change)")
      #expect(patch.tree.files["kafclaw.yaml"] == tree.files["kafclaw.yaml"], "\(place): \(change)")
      #expect(patch.tree.files.count == 2, "\(place): \(change)")
      let origin = after.provenance[change.path]?.description ?? ""
      #expect(origin.hasPrefix("kafclaw.d/90-proposed.yaml:"), "\(place): \(change)")
      let applied = try bench.apply(patch.text, to: tree.files)
      #expect(applied == patch.tree.files.mapValues(\.bytes), "\(place): \(change)")
    }
    #expect(patched > 10, "seed \(seed)")
  }

  private func document(
    _ generator: inout PatchGenerator, _ place: String
  ) throws -> (SourceTree, LoadedState) {
    let tree = SourceTree(texts: ["kafclaw.yaml": generator.document()])
    let outcome = Documents.load(tree, nil, [:])
    return (tree, try #require(outcome.state, "\(place): \(outcome.issues)\n\(tree.texts)"))
  }

  /// - Returns: `nil` where a rule over fields forbids the change.
  private func loaded(
    _ tree: SourceTree, _ state: LoadedState, _ change: DesiredChange, _ place: String
  ) throws -> (DesiredPatch, LoadedState)? {
    let patch = try DesiredPatch(of: tree, state, changes: [change])
    let outcome = Documents.load(patch.tree, nil, [:])
    if let after = outcome.state {
      try patch.verify(outcome)
      return (patch, after)
    }
    let errors = outcome.issues.filter { $0.severity == .error }.map(\.rule)
    let ofForm = ["syntax", "type", "unknown-key", "required", "enum", "fragment-conflict"]
    #expect(Set(errors).isDisjoint(with: ofForm), "\(place): \(change) \(outcome.issues)")
    #expect(throws: ApplianceError.self) { try patch.verify(outcome) }
    return nil
  }

  /// With its line feed; lines of Swift would join a carriage return to it.
  private func lines(of tree: SourceTree) -> [ArraySlice<UInt8>] {
    EditScript.lines(of: tree.files["kafclaw.yaml"]?.bytes ?? [])
  }

  /// Every single value, by its path.
  private func leaves(_ value: JSONValue, at path: String = "") -> [String: JSONValue] {
    switch value {
    case .object(let members):
      members.reduce(into: [:]) { all, member in
        let place = path.isEmpty ? member.key : "\(path).\(member.key)"
        all.merge(leaves(member.value, at: place)) { one, _ in one }
      }
    case .array(let items):
      items.enumerated().reduce(into: [:]) { all, item in
        all.merge(leaves(item.element, at: "\(path)[\(item.offset)]")) { one, _ in one }
      }
    default: [path: value]
    }
  }

  private func difference(_ one: [String: JSONValue], _ other: [String: JSONValue]) -> [String] {
    Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.sorted()
  }
}
