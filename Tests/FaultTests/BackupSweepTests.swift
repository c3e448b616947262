// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

extension FaultSuites {
  /// Backups, prunes and restores with a fault at each of their file operations: the repository is
  /// valid, what counts is there, and the next run needs nobody's help.
  struct BackupSweepTests {
    private static let faults: [Fault] = [
      .powerCut, .brokenDisk, .fullDisk, .shortWrite, .tornWrite, .readOnlyDisk,
    ]

    @Test(.timeLimit(FaultSuites.patience), arguments: ["create", "prune"])
    func aRepositorySurvivesEveryFault(deed: String) throws {
      let bench = try BackupFaultBench()
      try sweep("backup \(deed)", ["backup", deed], bench) { place in
        let after = try bench.run(["backup", "verify"])
        #expect(after.code == 0, "\(place): \(after.output)\(after.errors)")
        let next = try bench.run(["backup", "create"])
        #expect(next.code == 0, "\(place): \(next.errors)")
        let later = try bench.run(["backup", "verify", "--level", "restore"])
        #expect(later.code == 0, "\(place): \(later.output)\(later.errors)")
        let prune = try bench.run(["backup", "prune"])
        #expect(prune.code == 0, "\(place): \(prune.errors)")
        let back = try bench.run(["backup", "restore", "--target", bench.restored])
        #expect(back.code == 0, "\(place): \(back.errors)")
        #expect(bench.note(in: bench.restored) == "version 3", "\(place)")
      }
    }

    @Test(.timeLimit(FaultSuites.patience)) func aRestoreIsWholeOrAbsent() throws {
      let bench = try BackupFaultBench()
      try sweep("backup restore", ["backup", "restore", "--target", bench.restored], bench) {
        place in
        if bench.isThere(bench.restored) {
          #expect(bench.note(in: bench.restored) == "version 2", "\(place)")
          #expect(
            try bench.run(["tomb", "verify", "--home", bench.restored]).code == 0, "\(place)")
        } else {
          let next = try bench.run(["backup", "restore", "--target", bench.restored])
          #expect(next.code == 0, "\(place): \(next.errors)")
          #expect(bench.note(in: bench.restored) == "version 2", "\(place)")
        }
      }
    }

    private func sweep(
      _ title: String, _ words: [String], _ bench: BackupFaultBench,
      afterwards: (String) throws -> Void
    ) throws {
      for (index, fault) in Self.faults.enumerated() {
        let total = try bench.operations(words, fault)
        let sweep = Sweep("\(title), \(fault)", over: total, wanted: 2, offset: index * 11)
        var covered = 0
        for point in sweep.points {
          guard let place = try bench.strike(words, fault, at: point) else { continue }
          covered += 1
          try afterwards(place)
        }
        sweep.report(covered: covered)
        #expect(covered > 0 || total == 0, "\(title), \(fault)")
      }
    }
  }
}
