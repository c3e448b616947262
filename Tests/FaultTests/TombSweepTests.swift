// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

extension FaultSuites {
  /// Changes of the tomb, with a fault at each of their file operations: the tomb opens as it was or
  /// as it was to be, and takes the next change.
  struct TombSweepTests {
    /// One change, and the values that are there before and after it.
    struct Change: Sendable, CustomTestStringConvertible {
      let words: [String]
      var variables: [String: String] = ["VALUE": "new value"]
      var input = "/dev/null"
      /// Number of values, before and after.
      let values: ClosedRange<Int>

      var testDescription: String { words.joined(separator: " ") }
    }

    private static let changes = [
      Change(words: ["set", "more", "--from-env", "VALUE"], values: 2...3),
      Change(words: ["set", "token", "--from-env", "VALUE"], values: 2...2),
      Change(words: ["rotate", "token", "--overlap", "1h", "--from-env", "VALUE"], values: 2...3),
      Change(words: ["remove", "token"], values: 1...2),
      Change(words: ["rotate-key"], values: 2...2),
    ]

    private static let faults: [Fault] = [
      .powerCut, .brokenDisk, .fullDisk, .shortWrite, .tornWrite, .readOnlyDisk,
    ]

    @Test(.timeLimit(FaultSuites.patience), arguments: changes)
    func aChangeSurvivesEveryFault(change: Change) throws {
      let bench = try TombBench()
      try bench.fill()
      for (index, fault) in Self.faults.enumerated() {
        let total = try bench.operations(change.words, fault, change.variables)
        let sweep = Sweep(
          "tomb \(change.testDescription), \(fault)", over: total, wanted: 1, offset: index * 7)
        var covered = 0
        for point in sweep.points {
          guard let place = try bench.strike(change.words, fault, at: point, change.variables)
          else { continue }
          covered += 1
          let count = try bench.values()
          #expect(change.values.contains(count ?? -1), "\(place): \(count ?? -1) values")
          #expect(try bench.succeeds(["set", "later", "--from-env", "VALUE"]), "\(place)")
          #expect(try bench.values() == count.map { $0 + 1 }, "\(place)")
        }
        sweep.report(covered: covered)
        #expect(covered > 0)
      }
    }

    /// There is no tomb, or a whole one that can be used.
    @Test(.timeLimit(FaultSuites.patience)) func theMakingSurvivesEveryFault() throws {
      let bench = try TombBench()
      for (index, fault) in Self.faults.enumerated() {
        let total = try bench.operations(["init"], fault)
        let sweep = Sweep("tomb init, \(fault)", over: total, wanted: 2, offset: index * 5)
        var covered = 0
        for point in sweep.points {
          guard let place = try bench.strike(["init"], fault, at: point) else { continue }
          covered += 1
          if try bench.values() == nil { #expect(try bench.succeeds(["init"]), "\(place)") }
          #expect(try bench.succeeds(["set", "token", "--from-env", "VALUE"]), "\(place)")
          #expect(try bench.values() == 1, "\(place)")
        }
        #expect(covered > 0)
      }
    }

    /// Whatever a recovery leaves, it can be made again, and nothing is lost.
    @Test(.timeLimit(FaultSuites.patience)) func aRecoverySurvivesEveryFault() throws {
      let bench = try TombBench()
      let key = try bench.fill()
      for (index, fault) in Self.faults.enumerated() {
        let total = try bench.operations(["recover"], fault, input: key)
        let sweep = Sweep("tomb recover, \(fault)", over: total, wanted: 2, offset: index * 5)
        var covered = 0
        for point in sweep.points {
          guard let place = try bench.strike(["recover"], fault, at: point, input: key) else {
            continue
          }
          covered += 1
          #expect(try bench.values() == 2, "\(place)")
          #expect(try bench.succeeds(["recover"], input: key), "\(place)")
          #expect(try bench.values() == 2, "\(place)")
        }
        #expect(covered > 0)
      }
    }
  }
}
