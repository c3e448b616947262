// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// A page of another site that the operator looks at must not reach the gateway by the operator's
  /// browser.
  static let probeOrigin = Check.probe(
    "probe.origin", "A request of another web origin is refused, whatever token it has", .high,
    reference: "RFC 6454 7"
  ) { gateway, _ in
    var report = ProbeReport()
    for listener in ProbedGateway.Listener.allCases {
      let path = listener.harmlessPath
      for origin in [
        "https://evil.example", "null", "http://\(gateway.address(of: listener).host)",
      ] {
        let request = gateway.request(
          "GET", path, .bearer(gateway.token), .init("Origin", origin), on: listener)
        report.expect(
          "GET \(path) (\(listener)) with Origin: \(origin)",
          try await gateway.send(request, to: listener), [403])
      }
    }
    // A body that is no message: where it is read, nothing comes of it.
    let request = gateway.request(
      "POST", "/chat", .bearer(gateway.token), .json, .init("Origin", "https://evil.example"),
      body: "{}")
    report.expect(
      "POST /chat with Origin: https://evil.example", try await gateway.send(request), [403])
    return report.verdict()
  }
}
