// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import GatewayAPI

extension Check {
  /// Whoever has no token learns that the process lives and whether it is ready, and nothing else.
  static let probeUnauthenticated = Check.probe(
    "probe.unauthenticated", "Without a token no route answers more than whether it is ready",
    .critical, reference: "runbook 1.3", withToken: false
  ) { gateway, _ in
    var report = ProbeReport()
    for listener in ProbedGateway.Listener.allCases {
      try await UnauthenticatedProbe(gateway: gateway, listener: listener).run(&report)
    }
    return report.verdict(
      "\(report.requests) requests without a token, on both ports: refused, but for "
        + "\(Routes.health) and \(Routes.readiness)")
  }
}

/// Every path with every method, on one listener.
private struct UnauthenticatedProbe {
  let gateway: ProbedGateway
  let listener: ProbedGateway.Listener

  private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"]
  private static let refusals: Set<Int> = [401, 403, 404, 405, 429]
  /// Nothing that a problem says is longer. Bytes.
  private static let problemLimit = 2_048

  func run(_ report: inout ProbeReport) async throws {
    for path in ProbedGateway.paths {
      for method in Self.methods {
        let exchange = try await gateway.send(
          gateway.request(method, path, on: listener), to: listener)
        judge("\(method) \(path) (\(listener))", exchange, isOpen(method, path), &report)
      }
    }
  }

  private func isOpen(_ method: String, _ path: String) -> Bool {
    method == "GET" && (path == Routes.health || path == Routes.readiness)
  }

  private func judge(
    _ request: String, _ exchange: HTTPExchange, _ isOpen: Bool, _ report: inout ProbeReport
  ) {
    guard let answer = exchange.answers.first, isOpen, [200, 503].contains(answer.status) else {
      return refused(request, exchange, &report)
    }
    let line = report.note(request, exchange)
    isDocumented(answer.body) ? report.pass(line) : report.fail("\(line), and says more")
  }

  private func refused(
    _ request: String, _ exchange: HTTPExchange, _ report: inout ProbeReport
  ) {
    let status = exchange.status ?? 0
    // A browser is led to where it logs in, and told nothing else.
    if listener == .dashboard, let answer = exchange.answers.first, answer.status == 303,
      answer.body.isEmpty,
      answer.fields.contains(where: {
        $0.name == "location" && ["/login", "/overview"].contains($0.value)
      })
    {
      return report.pass(report.note(request, exchange))
    }
    if status >= 400, !Self.refusals.contains(status) {
      // Not refused for the right reason, but nothing was given away.
      report.doubt(report.note(request, exchange))
    } else {
      report.expect(request, exchange, Self.refusals)
    }
    if let answer = exchange.answers.first, !isProblem(answer.body) {
      report.fail("\(request): \(answer.status) with a body that is no problem report")
    }
  }

  /// Empty, or an object with the members of RFC 9457 and no others.
  private func isProblem(_ body: [UInt8]) -> Bool {
    guard !body.isEmpty else { return true }
    let known: Set<String> = ["type", "title", "status", "detail"]
    return body.count <= Self.problemLimit && names(in: body).map(known.isSuperset) ?? false
  }

  /// What `/healthz` and `/readyz` say by their documentation.
  private func isDocumented(_ body: [UInt8]) -> Bool {
    if isProblem(body) { return true }
    // `try?`: what is no JSON is not documented.
    guard let value = try? ApplianceJSON.decode(JSONValue.self, from: body) else { return false }
    if value == ["status": "ok"] { return true }
    // `try?`: another form than that of readiness is not documented.
    guard let readiness = try? ApplianceJSON.decode(Readiness.self, from: body) else {
      return false
    }
    let plain: JSONValue = [
      "agent": .bool(readiness.agent), "store": .bool(readiness.store),
      "digest": .bool(readiness.digest),
    ]
    return value == plain
  }

  private func names(in body: [UInt8]) -> Set<String>? {
    // `try?`: what is no JSON has no names.
    let value = try? ApplianceJSON.decode(JSONValue.self, from: body)
    return value?.objectValue.map { Set($0.keys) }
  }
}
