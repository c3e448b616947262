// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Channels

/// A hostile request is refused for what its name says, and for nothing else.
struct HostileRequestTests {
  private static let types = [ChannelType.slack, .whatsapp]

  private static let reasons: [String: ChannelRefusal] = [
    "unsigned": .unsigned, "forged": .forged, "changed": .forged, "signed twice": .unsigned,
    "replayed": .stale, "from the future": .stale, "wrong tenant": .wrongTenant,
  ]

  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func channel(_ type: ChannelType) async throws -> any WebhookChannel {
    func secret(_ text: String) -> SecretValue { SecretValue(copying: text.utf8) }
    let client = PlatformClient()
    let route = ChannelRoute(
      name: "c", type: type, account: type == .slack ? "A1" : "11",
      tenant: type == .slack ? "T1" : "22")
    let secrets = ChannelSecrets(
      signing: secret("0123456789abcdef0123456789abcdef"), verify: secret("a-long-word"),
      token: secret("123:token"))
    let channel = Result { try ChannelCatalog.channel(route, secrets, client: client) }
    try await client.shutdown()
    return try #require(try channel.get() as? any WebhookChannel)
  }

  private func receive(
    _ channel: any WebhookChannel, _ headers: [HostileRequest.Header], _ body: [UInt8]
  ) throws -> WebhookReceipt {
    let request = WebhookRequest(headers: headers.map { ($0.name, $0.value) }, body: body)
    return try channel.receive(request, at: now)
  }

  @Test("a body without a message is taken from whoever proves it", arguments: types)
  func emptyBody(type: ChannelType) async throws {
    let channel = try await channel(type)
    let body = channel.emptyBody
    let receipt = try receive(channel, channel.proof(of: body, at: now), body)
    #expect(receipt.messages.isEmpty)
    #expect(receipt.answer([]) == WebhookAnswer())
  }

  @Test("with a proof of its own each body but another account's is taken", arguments: types)
  func bodies(type: ChannelType) async throws {
    let channel = try await channel(type)
    for hostile in channel.hostileRequests(at: now) where hostile.refusals == [401] {
      let proof = channel.proof(of: hostile.body, at: now)
      guard hostile.name != "wrong tenant" else {
        #expect(throws: ChannelRefusal.wrongTenant) {
          _ = try receive(channel, proof, hostile.body)
        }
        continue
      }
      #expect(throws: Never.self, "\(hostile.name)") {
        _ = try receive(channel, proof, hostile.body)
      }
    }
  }

  @Test("each is refused for its own reason", arguments: types)
  func refusals(type: ChannelType) async throws {
    let channel = try await channel(type)
    let hostile = channel.hostileRequests(at: now).filter { $0.refusals == [401] }
    #expect(hostile.count == (channel.hasWindow ? 7 : 5))
    for request in hostile {
      let why = #expect(throws: ChannelRefusal.self, "\(request.name)") {
        _ = try receive(channel, request.headers, request.body)
      }
      #expect(why == Self.reasons[request.name], "\(request.name)")
    }
  }
}
