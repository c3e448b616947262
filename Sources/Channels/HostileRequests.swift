// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

extension WebhookChannel {
  /// Requests that this channel's listener has to refuse, made with the channel's own secrets where
  /// only those make a case: what was signed long ago, or for another account.
  public func hostileRequests(at now: Date) -> [HostileRequest] {
    let body = emptyBody
    let proof = proof(of: body, at: now)
    var requests = [
      HostileRequest("unsigned", headers: [], body: body),
      HostileRequest("forged", headers: proof.map(Self.changed), body: body),
      HostileRequest("changed", headers: proof, body: body + [0x20]),
      HostileRequest(
        "oversized", headers: proof, body: [UInt8](repeating: 0x20, count: bodyLimit + 1),
        refusals: [413]),
      HostileRequest("signed twice", headers: proof + proof, body: body),
    ]
    if hasWindow {
      for (name, distance) in [("replayed", -3_600.0), ("from the future", 3_600.0)] {
        requests.append(
          HostileRequest(
            name, headers: self.proof(of: body, at: now.addingTimeInterval(distance)), body: body))
      }
    }
    if let foreignBody {
      requests.append(
        HostileRequest(
          "wrong tenant", headers: self.proof(of: foreignBody, at: now), body: foreignBody))
    }
    return requests
  }

  /// The same length and alphabet: nothing but the code is wrong.
  private static func changed(_ header: HostileRequest.Header) -> HostileRequest.Header {
    for prefix in ["v1,", "v0=", "sha256="] where header.value.hasPrefix(prefix) {
      let code = header.value.dropFirst(prefix.count)
      return HostileRequest.Header(
        header.name, prefix + (code.first == "0" ? "1" : "0") + code.dropFirst())
    }
    return header
  }
}
