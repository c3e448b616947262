// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// Whoever may send must not be able to fill the host's memory.
  static let probeOversized = Check.probe(
    "probe.oversized", "Bodies and headers over the limit are refused before they are read whole",
    .high, reference: "RFC 9110 15.5.14"
  ) { gateway, _ in
    let probe = OversizedProbe(gateway: gateway)
    var report = ProbeReport()
    try await probe.declared(&report)
    try await probe.endless(&report)
    try await probe.headers(&report)
    return report.verdict()
  }
}

/// Requests that are too large. Blanks are no message, wherever they are read.
private struct OversizedProbe {
  let gateway: ProbedGateway

  /// More than the kernel keeps for both ends. Bytes.
  private static let total = 16 << 20
  private static let block = 64 << 10
  private static let blanks = [UInt8](repeating: 0x20, count: block)

  private func head(_ field: ProbeRequest.Field) -> HTTPProbe.Piece {
    .init(
      bytes: ProbeRequest.head(
        "POST", "/chat",
        [.init("Host", "\(gateway.api)"), .bearer(gateway.token), .json, field]))
  }

  func declared(_ report: inout ProbeReport) async throws {
    let exchange = try await gateway.probe(limit: 20).exchange([
      head(.init("Content-Length", "\(Self.total)")),
      .init(bytes: Self.blanks, times: Self.total / Self.block),
    ])
    judge("POST /chat with a body of \(Self.total) bytes", exchange, &report)
  }

  func endless(_ report: inout ProbeReport) async throws {
    let size = Array("\(String(Self.block, radix: 16))\r\n".utf8)
    let exchange = try await gateway.probe(limit: 20).exchange([
      head(.init("Transfer-Encoding", "chunked")),
      .init(bytes: size + Self.blanks + [0x0D, 0x0A], times: Self.total / Self.block),
    ])
    judge("POST /chat with chunks without an end", exchange, &report)
  }

  private func judge(_ request: String, _ exchange: HTTPExchange, _ report: inout ProbeReport) {
    report.expect("\(request), after \(exchange.sent) bytes", exchange, [413], orClosed: true)
    if exchange.sent >= Self.total { report.fail("\(request): all of it was read") }
  }

  func headers(_ report: inout ProbeReport) async throws {
    let fields = (0..<128).map {
      ProbeRequest.Field("X-Audit-\($0)", String(repeating: "a", count: 1_024))
    }
    var request = gateway.request("GET", "/healthz")
    request.fields = fields
    report.expect(
      "GET /healthz with 128 KiB of header fields", try await gateway.send(request),
      [400, 413, 431], orClosed: true)
  }
}
