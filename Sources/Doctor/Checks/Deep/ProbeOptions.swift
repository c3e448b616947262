// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// What a browser asks before it lets a page of another origin send a request: whoever answers
  /// with an allowance opens the gateway to every page.
  static let probeOptions = Check.probe(
    "probe.options", "OPTIONS tells nothing and allows no other web origin", .high,
    reference: "runbook 1.3", withToken: false
  ) { gateway, _ in
    var report = ProbeReport()
    for listener in ProbedGateway.Listener.allCases {
      for path in ProbedGateway.paths + ["*"] {
        for origin in [nil, "https://evil.example"] {
          var request = gateway.request("OPTIONS", path, on: listener)
          if let origin {
            request.fields = [
              .init("Origin", origin), .init("Access-Control-Request-Method", "POST"),
              .init("Access-Control-Request-Headers", "authorization"),
            ]
          }
          let exchange = try await gateway.send(request, to: listener)
          let asked = origin.map { " with Origin: \($0)" } ?? ""
          let line = report.note("OPTIONS \(path) (\(listener))\(asked)", exchange)
          guard let answer = exchange.answers.first, (200..<300).contains(answer.status) else {
            continue
          }
          if !answer.body.isEmpty { report.fail("\(line) with \(answer.body.count) bytes") }
        }
      }
    }
    return report.verdict("\(report.requests) requests on both ports: no data, no allowance")
  }
}
