// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What the requests of one probe came to.
struct ProbeReport {
  private var findings = Findings()
  private var seen: [String] = []

  /// Requests so far.
  private(set) var requests = 0

  /// Notes an exchange that must have been refused.
  ///
  /// - Parameters:
  ///   - request: In words, without secrets.
  ///   - wanted: The statuses that are right.
  ///   - orClosed: Whether a connection that ends without an answer is right, too.
  mutating func expect(
    _ request: String, _ exchange: HTTPExchange, _ wanted: Set<Int>, orClosed: Bool = false
  ) {
    let line = note(request, exchange)
    guard exchange.answers.count < 2 else { return fail(line) }
    if let status = exchange.status {
      if wanted.contains(status) { return pass(line) }
      return [429, 503].contains(status) ? doubt(line) : fail(line)
    }
    if exchange.received > 0 { return fail(line) }
    guard orClosed else { return doubt(line) }
    exchange.isClosed ? pass(line) : fail(line)
  }

  /// Notes an exchange, and that no other web origin was let in by its answer.
  ///
  /// - Returns: The line that tells of it.
  mutating func note(_ request: String, _ exchange: HTTPExchange) -> String {
    requests += 1
    for field in exchange.answers.flatMap(\.fields) where field.name.hasPrefix("access-control-") {
      fail("\(request): the answer has \(field.name)")
    }
    return "\(request): \(exchange.words)"
  }

  mutating func fail(_ line: String) { findings.add(.fail, line) }

  mutating func warn(_ line: String) { findings.add(.warn, line) }

  /// Nothing can be said about it.
  mutating func doubt(_ line: String) { findings.add(.unknown, line) }

  mutating func pass(_ line: String) { seen.append(line) }

  /// - Parameter summary: The evidence where all is well; without it, every request is.
  func verdict(_ summary: String? = nil) -> Verdict {
    guard findings.evidence.isEmpty else { return findings.verdict(otherwise: "") }
    return Verdict(.pass, summary.map { [$0] } ?? Findings.shortened(seen))
  }
}
