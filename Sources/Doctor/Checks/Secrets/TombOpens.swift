// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Tomb

extension Check {
  /// A tomb that does not open, or has a value that was changed, is found out here and not when a
  /// secret is needed.
  static let tombOpens = Check(
    "tomb.opens", "The tomb opens, and every value in it is intact", .critical,
    reference: "runbook 9", remedy: "kafclaw tomb verify names the cause",
    detect: { host in
      do {
        let tomb = try host.tomb.get()
        guard try tomb.exists else {
          try tomb.requireNotLost()
          return try withoutTomb(host)
        }
        let count = try tomb.verify()
        return .pass(
          "the backend \(tomb.backend.rawValue) opens the tomb; intact values: \(count)")
      } catch let error as ApplianceError where isLocked(error) {
        return Verdict(.unknown, "the tomb is locked: \(error.message)", remedy: error.hint)
      } catch let error as ApplianceError where isOfTheTomb(error) {
        return Verdict(.fail, error.message, remedy: error.hint)
      }
    })

  /// Nobody handed over what the appliance itself is started with.
  private static func isLocked(_ error: ApplianceError) -> Bool {
    [SlotOpener.noPassphrase, SlotOpener.noCredential].contains(error)
  }

  /// Any other error kept it from being looked at.
  private static func isOfTheTomb(_ error: ApplianceError) -> Bool {
    error.code.rawValue.hasPrefix("tomb.") || error.code == .fileUnsafe
  }

  private static func withoutTomb(_ host: Host) throws -> Verdict {
    let ofTheSource = try host.bootstrap.get().map { SecretReferences.all(in: $0) } ?? []
    let ofTheState = try host.validState.map { SecretReferences.all(in: $0.spec) } ?? []
    let named = (ofTheSource + ofTheState).filter { use in
      if case .tomb = use.reference { true } else { false }
    }
    guard !named.isEmpty else { return .notApplicable("there is no tomb, and nothing names one") }
    return Verdict(
      .fail, named.map { "\($0.path) is \($0.reference), and there is no tomb" },
      remedy: "kafclaw tomb init")
  }
}
