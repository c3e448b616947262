// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// Whoever sends one byte a second must not hold a connection (slowloris).
  static let probeSlow = Check.probe(
    "probe.slow", "A request that arrives byte by byte is given up within 20 seconds", .high,
    reference: "RFC 9110 15.5.9"
  ) { gateway, _ in
    try await SlowProbe(gateway: gateway).verdict()
  }
}

/// Requests that drip, all at once.
struct SlowProbe {
  let gateway: ProbedGateway
  /// Until when they must be given up. Seconds.
  var limit = 20.0
  /// Between two bytes. Seconds.
  var interval = 1.0

  func verdict() async throws -> Verdict {
    async let head = drip(
      ProbeRequest.head("GET", "/healthz", [host, .init("X-Audit", "")]).dropLast(4), .closed)
    async let body = drip(post([.bearer(gateway.token)]), .answer)
    async let refused = drip(post([]), .closed)
    var report = ProbeReport()
    judge("GET /healthz with a head that drips", try await head, [400, 408, 431], &report)
    judge("POST /chat with a body that drips", try await body, [400, 408, 413], &report)
    let held = try await refused
    let line = report.note("POST /chat without a token and with a body that drips", held)
    held.isClosed
      ? report.pass("\(line), closed after \(Int(held.seconds)) s")
      : report.warn("\(line), and its body was still taken after \(Int(limit)) s")
    return report.verdict()
  }

  private var host: ProbeRequest.Field { .init("Host", "\(gateway.api)") }

  private func post(_ fields: [ProbeRequest.Field]) -> ArraySlice<UInt8> {
    ProbeRequest.head(
      "POST", "/chat", [host] + fields + [.json, .init("Content-Length", "4096")])[...]
  }

  private func drip(
    _ begun: ArraySlice<UInt8>, _ ending: HTTPProbe.Ending
  ) async throws -> HTTPExchange {
    try await gateway.probe(limit: limit).exchange(
      [
        .init(bytes: Array(begun)),
        .init(bytes: Array(" ".utf8), times: 4_000, pause: interval),
      ], until: ending)
  }

  private func judge(
    _ request: String, _ exchange: HTTPExchange, _ wanted: Set<Int>, _ report: inout ProbeReport
  ) {
    let seconds = Int(exchange.seconds.rounded())
    report.expect("\(request), after \(seconds) s", exchange, wanted, orClosed: true)
  }
}
