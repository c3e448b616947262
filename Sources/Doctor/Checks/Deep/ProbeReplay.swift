// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import SodiumCrypto

extension Check {
  /// A client that repeats a request must not make the agent act twice. Sends one real message in
  /// the session `security-audit`: one call of the model, so only where the model is the embedded
  /// one.
  static let probeReplay = Check.probe(
    "probe.replay", "A request that is repeated is carried out once (costs one call of the model)",
    .high, reference: "RFC 9110 9.2.2"
  ) { gateway, host in
    let provider = try host.spec?.agent.provider ?? ""
    guard provider == ReplayProbe.freeProvider else {
      return .notApplicable(
        "it would send a message to the provider \"\(VisibleText.escape(provider))\", "
          + "which costs something")
    }
    return try await ReplayProbe(gateway: gateway).verdict()
  }
}

private struct ReplayProbe {
  static let freeProvider = "offline"
  private static let text = "security audit probe"

  let gateway: ProbedGateway
  private let key = "security-audit-" + SecureRandom.hexadecimal(bytes: 16)

  init(gateway: ProbedGateway) { self.gateway = gateway }

  func verdict() async throws -> Verdict {
    var report = ProbeReport()
    let first = try await chat(Self.text)
    if first.status == 403 {
      return .notApplicable("the gateway admits no message of the operator: 403")
    }
    report.expect("POST /chat", first, [200, 202])
    let second = try await chat(Self.text)
    report.expect("the same again", second, [200, 202])
    let ids = [id(first), id(second)]
    if let one = ids[0], let other = ids[1], one != other {
      report.fail("the same Idempotency-Key and body were taken for two messages")
    } else if ids.contains(nil) {
      report.doubt("an answer to POST /chat names no message")
    }
    report.expect(
      "the same Idempotency-Key with another body", try await chat(Self.text + ", changed"), [422])
    return report.verdict()
  }

  private func chat(_ text: String) async throws -> HTTPExchange {
    try await gateway.send(
      gateway.request(
        "POST", "/chat", .bearer(gateway.token), .json, .init("Idempotency-Key", key),
        .init("Prefer", "respond-async"),
        body: #"{"message":"\#(text)","session":"security-audit"}"#))
  }

  private func id(_ exchange: HTTPExchange) -> String? {
    // `try?`: an answer that is no JSON names no message.
    let value = try? ApplianceJSON.decode(JSONValue.self, from: exchange.answers.first?.body ?? [])
    return value?["id"]?.stringValue
  }
}
