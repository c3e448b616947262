// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Changes of the desired state that would clear findings.
public struct Proposals: Sendable, Equatable {
  /// A check that could not say what it would propose.
  public struct Failure: Sendable, Equatable {
    public let check: String
    public let error: ApplianceError
  }

  /// In the order of the checks, each one once.
  public private(set) var all: [Proposal] = []
  public private(set) var failures: [Failure] = []

  private init() {}

  /// Asks the checks that found something which counts. One that fails keeps no other from being
  /// asked.
  public static func collect(from found: Examination, on host: Host) async -> Proposals {
    var proposals = Proposals()
    for result in found.checks where result.counts {
      guard let check = Checks.all.first(where: { $0.id == result.id }),
        let propose = check.propose
      else { continue }
      do {
        proposals.add(try await propose(host))
      } catch {
        proposals.failures.append(.init(check: check.id, error: ApplianceError.of(error)))
      }
    }
    return proposals
  }

  /// Two checks may want the same.
  private mutating func add(_ proposals: [Proposal]) {
    for proposal in proposals
    where !all.contains(where: { $0.path == proposal.path && $0.value == proposal.value }) {
      all.append(proposal)
    }
  }
}
