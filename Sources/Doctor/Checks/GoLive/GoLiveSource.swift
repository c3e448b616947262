// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// As `source.verified`; what is a warning on a host for tries is none here.
  static let goLiveSource = Check(
    "go-live.source", "Only signed commits decide what runs", .high, .goLive,
    reference: "runbook 5; docs/signing.md",
    remedy: "set verify: signatures and signers in appliance.yaml",
    detect: { host in
      let verdict = try SourceLook.verdict(host, unverified: .fail)
      return verdict.applies ? verdict : Verdict(.fail, verdict.evidence)
    })
}
