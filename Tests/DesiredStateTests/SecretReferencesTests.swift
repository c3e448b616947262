// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import DesiredState

/// References are found wherever a field may hold one.
struct SecretReferencesTests {
  private func references(_ text: String) throws -> [String] {
    let state = try #require(Documents.load(text).state)
    return SecretReferences.all(in: state.spec).map { "\($0.path) \($0.reference)" }
  }

  @Test func everyFieldIsLookedAt() throws {
    #expect(
      try references(Documents.rich) == [
        "appliance.escalation[0].webhook.secret tomb:alert-hook",
        "backup.accessKey env:STORE_ID", "backup.secretKey tomb:store",
        "channels.team-slack.botToken tomb:slack-bot",
        "channels.team-slack.signingSecret tomb:slack-signing",
        "gateway.auth.token env:KAFCLAW_GATEWAY_AUTH_TOKEN",
        "providers.main.apiKey file:models.key", "providers.spare.apiKey tomb:spare",
      ])
  }

  /// One of each kind of place stands in the rich document.
  @Test func everyKindOfPlaceIsKnown() {
    let fields = ApplianceSpec.nestedFields.filter { $0.form == SecretReference.form }
    #expect(
      fields.map(\.pattern).sorted() == [
        "appliance.escalation.webhook.secret", "backup.accessKey", "backup.secretKey",
        "channels.*.botToken", "channels.*.signingSecret", "channels.*.verifyToken",
        "gateway.auth.token", "providers.*.apiKey",
      ])
  }

  @Test func placesInListsAreCounted() throws {
    let text = """
      version: 1
      appliance:
        name: probe
        escalation:
          - channel: {name: ops, conversation: C1}
          - webhook: {url: "https://alerts.example/two", secret: "tomb:two"}
      channels: {ops: {type: telegram, botToken: "tomb:bot"}}

      """
    #expect(
      try references(text) == [
        "appliance.escalation[1].webhook.secret tomb:two", "channels.ops.botToken tomb:bot",
      ])
    #expect(try references(Documents.header) == [])
  }

  /// A reference elsewhere is text like any other.
  @Test func otherTextsAreNone() throws {
    #expect(try references(Documents.header + "agent: {model: \"tomb:model\"}\n") == [])
  }

  @Test func credentialOfTheSourceIsFound() throws {
    let text = "version: 1\nsource: {repository: /srv/r, verify: none, credential: \"file:key\"}\n"
    let spec = try #require(BootstrapSpec.read(Array(text.utf8), file: "appliance.yaml").section)
    let uses = SecretReferences.all(in: spec)
    #expect(uses.map(\.path) == ["source.credential"])
    #expect(uses.map(\.reference) == [.file("key")])
  }
}
