// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// Where two readers of a connection disagree about the end of a request, the rest of it is a
  /// request of somebody else's choice.
  static let probeSmuggling = Check.probe(
    "probe.smuggling", "A request whose end is in doubt is refused, and never read as two", .high,
    reference: "RFC 9112 6.3"
  ) { gateway, _ in
    let probe = SmugglingProbe(gateway: gateway)
    var report = ProbeReport()
    try await probe.lengthAndChunks(&report)
    try await probe.twoLengths(&report)
    try await probe.strangeBytes(&report)
    return report.verdict()
  }
}

private struct SmugglingProbe {
  let gateway: ProbedGateway

  private var host: ProbeRequest.Field { .init("Host", "\(gateway.api)") }

  /// What must not be read as a request of its own.
  private var inner: [UInt8] { ProbeRequest.head("GET", "/healthz", [host]) }

  private func post(_ fields: [ProbeRequest.Field], _ body: [UInt8]) async throws -> HTTPExchange {
    let head = ProbeRequest.head("POST", "/chat", [host, .bearer(gateway.token), .json] + fields)
    return try await exchange(head + body)
  }

  /// Waits for a second answer, too.
  private func exchange(_ bytes: [UInt8]) async throws -> HTTPExchange {
    try await gateway.probe(limit: 15).exchange([.init(bytes: bytes)], until: .silence(2))
  }

  /// Once for readers to whom the chunks count, once for those to whom the length does.
  func lengthAndChunks(_ report: inout ProbeReport) async throws {
    let chunked = ProbeRequest.Field("Transfer-Encoding", "chunked")
    let end = Array("0\r\n\r\n".utf8)
    let size = Array("\(String(inner.count, radix: 16))\r\n".utf8)
    let requests: [(String, Int, [UInt8])] = [
      ("a length beyond its chunks", (end + inner).count, end + inner),
      ("a length within its chunks", size.count, size + inner + [0x0D, 0x0A] + end),
    ]
    for (words, length, body) in requests {
      let exchange = try await post([.init("Content-Length", "\(length)"), chunked], body)
      let line = report.note("POST /chat with \(words)", exchange)
      exchange.answers.count > 1 ? report.fail(line) : report.pass(line)
    }
  }

  func twoLengths(_ report: inout ProbeReport) async throws {
    let body = Array("{}".utf8)
    let exchange = try await post(
      [.init("Content-Length", "2"), .init("Content-Length", "\(2 + inner.count)")], body + inner)
    report.expect("POST /chat with two lengths", exchange, [400], orClosed: true)
  }

  func strangeBytes(_ report: inout ProbeReport) async throws {
    let feeds = inner.filter { $0 != 0x0D }
    report.expect(
      "GET /healthz with lines that end in LF alone", try await exchange(feeds), [400],
      orClosed: true)
    let field = ProbeRequest.Field("X-Audit", "a\0b")
    report.expect(
      "GET /healthz with a zero byte in a field",
      try await exchange(ProbeRequest.head("GET", "/healthz", [host, field])), [400],
      orClosed: true)
  }
}
