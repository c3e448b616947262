// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

/// Large states.
struct ScaleTests {
  @Test func admitsTenThousandSenders() throws {
    let senders = (0..<10_000).map { "      - U\(1_000_000 + $0)\n" }.joined()
    let document = Documents.header + "channels:\n  web:\n    type: web\n    allow:\n" + senders
    let state = try #require(Documents.load(document).state)
    let allow = try #require(state.spec.channels["web"]).allow
    #expect(allow.count == 10_000)
    #expect(allow.first?.text == "U1000000")
    #expect(allow.last?.text == "U1009999")
    #expect(Set(allow).count == 10_000)
    #expect(state.warnings.isEmpty)
  }

  @Test func namesTheOneDuplicateAmongTenThousand() {
    let senders = ((0..<9_999).map { "U\(1_000_000 + $0)" } + ["U1000042"])
      .map { "    - \($0)\n" }.joined()
    let document = Documents.header + "senders:\n  owners:\n" + senders
    #expect(
      Documents.load(document).issues.map(\.summary) == [
        "10004:7 sender-duplicate senders.owners[9999]"
      ])
  }
}
