// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import TestSupport
import Testing

/// Damaged documents: whatever the bytes, the answer is a state or issues.
struct DamagedDocumentTests {
  @Test func answersForEveryTruncation() {
    let bytes = Array(Documents.rich.utf8)
    for count in 0...bytes.count {
      expectAnAnswer(Array(bytes.prefix(count)), "the first \(count) bytes")
    }
  }

  @Test func answersForMutations() {
    answer(forMutations: 500, of: Array(Documents.rich.utf8), name: "rich")
  }

  @Test(arguments: Checkout.examples)
  func answersForMutationsOfExamples(name: String) throws {
    let bytes = try Checkout.bytes("examples/\(name)/kafclaw.yaml")
    answer(forMutations: 2_000, of: bytes, name: "examples/\(name)")
  }

  private func answer(forMutations count: Int, of bytes: [UInt8], name: String) {
    let seed = SplitMix64.seed(of: "mutations of \(name)")
    var random = SplitMix64(seed: seed)
    for round in 1...count {
      var mutated = bytes
      for _ in 1...Int.random(in: 1...8, using: &random) { mutate(&mutated, &random) }
      expectAnAnswer(mutated, "seed \(seed), round \(round) of \(name)")
    }
  }

  /// Characters that mean something to YAML, and bytes that are no text.
  private static let telling = Array("{}[]&*!|>'\"%@`#:-,?~ \n\r\t\0".utf8) + [0x85, 0xC2, 0xFF]

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: bytes.indices, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 2: bytes.remove(at: index)
    case 3:
      let choice = Int.random(in: Self.telling.indices, using: &random)
      bytes.insert(Self.telling[choice], at: index)
    default:
      let end = min(bytes.count, index + Int.random(in: 1...32, using: &random))
      let position = Int.random(in: bytes.indices, using: &random)
      bytes.insert(contentsOf: Array(bytes[index..<end]), at: position)
    }
  }

  private func expectAnAnswer(_ bytes: [UInt8], _ damage: String) {
    switch Documents.load(bytes) {
    case .valid(let state):
      #expect(state.warnings.allSatisfy { $0.severity == .warning }, "\(damage)")
    case .invalid(let issues):
      #expect(issues.contains { $0.severity == .error }, "\(damage)")
      #expect(issues.allSatisfy(isPresentable), "\(damage)")
    }
  }

  /// Placed in the file, and safe to print.
  private func isPresentable(_ issue: ValidationIssue) -> Bool {
    issue.file == "kafclaw.yaml" && issue.line >= 0 && issue.column >= 0 && !issue.message.isEmpty
      && issue.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }
}
