// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// What all checks of a command found.
public struct Examination: Sendable, Codable, Equatable {
  public let formatVersion: Int
  public let checkedAt: Date
  public let checks: [CheckResult]

  init(_ checks: [CheckResult], at now: Date) {
    formatVersion = 1
    checkedAt = now
    self.checks = checks
  }

  public var failures: [CheckResult] { checks.filter { $0.counts && $0.status == .fail } }

  public var warnings: [CheckResult] { checks.filter { $0.counts && $0.status == .warn } }

  /// What could not be looked at.
  public var unknowns: [CheckResult] { checks.filter { $0.counts && $0.status == .unknown } }

  /// 0 pass, 1 fail, 2 warnings (only with `strict`), 3 could not check.
  public func exitCode(strict: Bool) -> Int32 {
    if !failures.isEmpty { return 1 }
    if !unknowns.isEmpty { return 3 }
    return strict && !warnings.isEmpty ? 2 : 0
  }
}

/// Which checks are run.
public struct CheckSelection: Sendable {
  public var groups: Set<Check.Group>
  /// Only these; all of the groups when empty.
  public var only: Set<String> = []
  public var skip: Set<String> = []

  public init(_ groups: Set<Check.Group>) { self.groups = groups }

  func admits(_ check: Check) -> Bool {
    groups.contains(check.group) && !skip.contains(check.id)
      && (only.isEmpty || only.contains(check.id))
  }
}

/// Runs checks.
public enum Examiner {
  /// All at once: most wait for something.
  public static func examine(
    _ host: Host, _ selection: CheckSelection, suppressing suppressions: [Suppression] = []
  ) async -> Examination {
    let checks = Checks.all.filter(selection.admits)
    let results = await withTaskGroup(of: (Int, CheckResult).self) { group in
      for (index, check) in checks.enumerated() {
        group.addTask { (index, await check.run(on: host)) }
      }
      var results: [(Int, CheckResult)] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
    return Examination(
      Suppression.apply(suppressions, to: results, at: host.now), at: host.now)
  }
}
