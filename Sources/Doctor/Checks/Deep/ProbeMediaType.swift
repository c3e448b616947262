// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// A form of another site can send these types without asking first (CSRF).
  static let probeMediaType = Check.probe(
    "probe.media-type", "A body that a web form could send is not taken for a message", .high,
    reference: "RFC 9110 15.5.16"
  ) { gateway, _ in
    var report = ProbeReport()
    for type in [
      "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", nil,
    ] {
      // A body that is no message: where it is read, nothing comes of it.
      var request = gateway.request("POST", "/chat", .bearer(gateway.token), body: "{}")
      if let type { request.fields.append(.init("Content-Type", type)) }
      report.expect(
        "POST /chat as \(type ?? "no type")", try await gateway.send(request), [415])
    }
    return report.verdict()
  }
}
