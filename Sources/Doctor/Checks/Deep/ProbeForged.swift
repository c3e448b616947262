// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension Check {
  /// A token is compared as a whole, and one credential is one credential. Three failures are all
  /// that is sent, since a source network is locked out after ten: one that tells a comparison by
  /// prefix from none at all, one that tells an empty token taken for an unset one, and one that
  /// tells which of two credentials counts.
  static let probeForged = Check.probe(
    "probe.forged", "Nothing but the whole token is accepted, and only once", .critical,
    reference: "runbook 3.1"
  ) { gateway, _ in
    let short = gateway.token.withBytes { SecretValue(copying: $0.dropLast()) }
    let empty = SecretValue(copying: [])
    var report = ProbeReport()
    for (words, fields) in [
      ("the token without its last character", [ProbeRequest.Field.bearer(short)]),
      ("an empty token", [.bearer(empty)]),
      ("the token twice", [.bearer(gateway.token), .bearer(gateway.token)]),
    ] {
      var request = gateway.request("GET", ProbedGateway.harmlessPath)
      request.fields = fields
      let exchange = try await gateway.send(request)
      // Who is locked out is refused as well.
      let isLockedOut = exchange.status == 429
      report.expect(
        "GET \(request.path) with \(words)\(isLockedOut ? " (locked out)" : "")", exchange,
        [401, 429])
    }
    return report.verdict()
  }
}
