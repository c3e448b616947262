// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import HTTPTypes
import SodiumCrypto
import Testing

@testable import Gateway

/// Who a request comes from.
struct CredentialsTests {
  private let credentials: GatewayCredentials

  init() {
    let key = HashKey.random()
    func client(_ name: String, _ token: String) -> GatewayCredentials.Client {
      .init(name: name, hash: KeyedHash(of: SecretValue(copying: Array(token.utf8)), key: key))
    }
    credentials = GatewayCredentials(
      key: key, clients: [client("operator", "alpha"), client("gateway", "beta")])
  }

  private func client(_ values: String...) throws -> String? {
    var fields = HTTPFields()
    for value in values { fields.append(HTTPField(name: .authorization, value: value)) }
    return credentials.client(of: fields)
  }

  @Test(arguments: [
    ("Bearer alpha", "operator"), ("Bearer beta", "gateway"), ("bearer beta", "gateway"),
    ("BEARER beta", "gateway"),
  ])
  func tokenNamesItsClient(value: String, name: String) throws {
    #expect(try client(value) == name)
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "beta", "Basic beta", "Bearer Beta", "Bearer bet", "Bearer betaa",
    "Bearer beta alpha", "Bearer beta,alpha", "Bearer  beta", "Bearerbeta", "Bearer\tbeta",
    "Bearer \"beta\"", "Token beta", "Bearer Bearer beta", "gateway", "Bearer gateway",
  ])
  func everythingElseIsNobody(value: String) throws {
    #expect(try client(value) == nil)
  }

  @Test func twoFieldsAreNobodyEvenWhenBothAreRight() throws {
    #expect(try client("Bearer beta", "Bearer beta") == nil)
    #expect(try client("Bearer beta", "Bearer wrong") == nil)
    #expect(try client("Basic x", "Bearer beta") == nil)
  }

  @Test func missingFieldIsNobody() {
    #expect(credentials.client(of: HTTPFields()) == nil)
  }

  @Test func hugeTokenIsNobody() throws {
    #expect(try client("Bearer " + String(repeating: "b", count: 5_000)) == nil)
  }

  @Test func credentialsComeBackFromTheLinkAndHoldNoToken() throws {
    let bytes = try ApplianceJSON.encode(credentials)
    let back = try ApplianceJSON.decode(GatewayCredentials.self, from: bytes)
    #expect(back.client(presenting: "beta") == "gateway")
    #expect(back.client(presenting: "gamma") == nil)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(!text.contains("alpha"))
    #expect(!text.contains("beta"))
  }

  @Test func onlyTheOperatorIsNoRemoteClient() {
    let key = HashKey.random()
    let hash = KeyedHash(of: SecretValue(copying: [1]), key: key)
    let local = GatewayCredentials(
      key: key, clients: [.init(name: GatewayCredentials.operatorClient, hash: hash)])
    #expect(!local.hasRemoteClient)
    #expect(!GatewayCredentials(key: key, clients: []).hasRemoteClient)
    #expect(credentials.hasRemoteClient)
  }

  @Test func hashOfAnotherKeyMatchesNothing() {
    let hash = KeyedHash(of: SecretValue(copying: Array("beta".utf8)), key: .random())
    let other = GatewayCredentials(key: .random(), clients: [.init(name: "gateway", hash: hash)])
    #expect(other.client(presenting: "beta") == nil)
  }
}
