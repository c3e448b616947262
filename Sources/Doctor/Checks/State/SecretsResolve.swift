// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// A reference without its secret keeps a component from starting.
  static let secretsResolve = Check(
    "secrets.resolve", "Every secret reference resolves", .high,
    reference: "runbook 3.2", remedy: "kafclaw tomb set NAME",
    detect: { host in
      guard let state = try host.validState else { return .noDesiredState }
      let credentials = try host.bootstrap.get().map { SecretReferences.all(in: $0) } ?? []
      let uses = SecretReferences.all(in: state.spec) + credentials
      guard !uses.isEmpty else { return .notApplicable("nothing refers to a secret") }
      var findings = Findings()
      var (seen, remedy): ([String], String?) = ([], nil)
      for use in uses {
        do {
          switch try SecretLook.look(use, on: host) {
          case .resolves: seen.append("\(use.path): \(use.reference) resolves")
          case .held: seen.append("\(use.path): the running appliance has it")
          case .replaced: seen.append("\(use.path): a token that was made here takes its place")
          case .missing(let why, let hint):
            findings.add(.fail, "\(use.path): \(why)")
            remedy = remedy ?? hint
          }
        } catch {
          let cause = ApplianceError.of(error)
          findings.add(
            .unknown, "\(use.path): \(use.reference) cannot be looked for: \(cause.message)")
          remedy = remedy ?? cause.hint
        }
      }
      return findings.verdict(otherwise: seen.joined(separator: ", "), remedy: remedy)
    })
}
