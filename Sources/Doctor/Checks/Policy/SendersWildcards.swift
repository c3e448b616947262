// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// Whoever is admitted speaks to the model, and through it to the tools.
  static let sendersWildcards = Check(
    "senders.wildcards", "Senders are named, few, and strangers only read", .medium, .security,
    reference: "runbook 4.4", remedy: "use dmPolicy: allowlist, and tools.tiers.external: read",
    propose: { host in
      guard let state = try host.validState else { return [] }
      let channels = SenderLook.open(state.spec).map { "channels.\($0).dmPolicy" }
      let tier = state.spec.tools.tiers.external == .read ? nil : Proposal.readOnly(state)
      return (channels.map { .allowList($0, state) } + [tier]).compactMap { $0 }
    },
    detect: { host in
      guard let spec = try host.validState?.spec else { return .noDesiredState }
      return .of(
        SenderLook.problems(spec), .warn,
        otherwise: "\(spec.channels.count) channels admit named senders; strangers only read")
    })
}

private enum SenderLook {
  /// A longer list is read by nobody.
  static let longest = 1_000

  /// Channels that admit everybody.
  static func open(_ spec: ApplianceSpec) -> [String] {
    spec.channels.filter { $0.value.dmPolicy == .open }.keys.sorted()
  }

  static func problems(_ spec: ApplianceSpec) -> [String] {
    let everybody = open(spec).map { "channels.\($0).dmPolicy is open: everybody is admitted" }
    let lists =
      spec.channels.map { ("channels.\($0).allow", $1.allow.count) }
      + [("senders.owners", spec.senders.owners.count)]
      + [("senders.internal", spec.senders.internal.count)]
    let long = lists.filter { $0.1 > longest }.sorted { $0.0 < $1.0 }
      .map { "\($0.0) has \($0.1) senders" }
    let tier = spec.tools.tiers.external
    return everybody + long
      + (tier == .read
        ? [] : ["tools.tiers.external is \(tier.rawValue): strangers do more than read"])
  }
}
