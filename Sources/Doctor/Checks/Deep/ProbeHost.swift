// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// A page of another site can point its own name at this host (DNS rebinding): its requests carry
  /// that name, and the browser lets it read the answers.
  static let probeHost = Check.probe(
    "probe.host", "A request for another host name is refused, whatever token it has", .high,
    reference: "RFC 9110 7.4"
  ) { gateway, host in
    guard try host.spec?.gateway.host.isLoopback == true else {
      return .notApplicable(
        "the gateway listens for other hosts, under names that are not declared")
    }
    var report = ProbeReport()
    for listener in ProbedGateway.Listener.allCases {
      let path = listener.harmlessPath
      for name in ["evil.example", "127.0.0.1.evil.example", "192.0.2.1"] {
        var request = gateway.request("GET", path, .bearer(gateway.token), on: listener)
        request.host = name
        report.expect(
          "GET \(path) (\(listener)) with Host: \(name)",
          try await gateway.send(request, to: listener), [421])
      }
      var request = gateway.request("GET", path, .bearer(gateway.token), on: listener)
      request.host = nil
      report.expect(
        "GET \(path) (\(listener)) without Host", try await gateway.send(request, to: listener),
        [400, 421], orClosed: true)
    }
    return report.verdict()
  }
}
