// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState
import FoundationEssentials
import Testing

/// Findings that are lived with. What is refused stands in the corpus.
struct SuppressionTests {
  @Test func suppressionIsRead() throws {
    let document =
      Documents.header + """
        security:
          suppressions:
            - check: host.firewall
              reason: the provider filters in front of the host
              owner: Ops (primary)
              expires: 2027-03-31T12:00:00Z

        """
    let state = try #require(Documents.load(document).state)
    let suppression = try #require(state.spec.security.suppressions.first)
    #expect(suppression.check == "host.firewall")
    #expect(suppression.reason == "the provider filters in front of the host")
    #expect(suppression.owner == "Ops (primary)")
    #expect(suppression.expires == SpecTimestamp(Date(timeIntervalSince1970: 1_806_494_400)))
    #expect(state.warnings.isEmpty)
  }

  @Test(arguments: [
    "host.firewall", "go-live.provider-real", "a.b", "secrets.env/KEY-1".lowercased(),
    "providers.main.rate-limit", "host.0", "a." + String(repeating: "b", count: 62),
  ])
  func idsOfChecksAreTaken(check: String) {
    #expect(Documents.load(Self.document(with: [check])).issues == [])
  }

  @Test(arguments: ["a." + String(repeating: "b", count: 63), "host.a_b", "host.a/", "1a.b", "."])
  func otherIdsAreNot(check: String) {
    let issues = Documents.load(Self.document(with: [check])).issues
    #expect(issues.map(\.rule) == ["check-id"])
  }

  @Test(arguments: [0, 64, 65, 1_000])
  func sixtyFourAreAllowed(count: Int) {
    let issues = Documents.load(Self.document(with: (0..<count).map { "a.n\($0)" })).issues
    #expect(issues.map(\.rule) == (count > 64 ? ["range"] : []))
    #expect(issues.allSatisfy { $0.path == "security.suppressions" && $0.line == 3 })
  }

  @Test func noneIsTheDefault() throws {
    #expect(try #require(Documents.load(Documents.header).state).spec.security == SecuritySpec())
    #expect(SecuritySpec().suppressions.isEmpty)
  }

  private static func document(with checks: [String]) -> String {
    let lines = checks.map { check in
      "{check: \"\(check)\", reason: a, owner: b, expires: 2027-03-31}"
    }
    return Documents.header + "security: {suppressions: [\(lines.joined(separator: ", "))]}\n"
  }
}
