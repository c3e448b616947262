// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Skills
import Testing

struct OAuthTests {
  private static let root = "https://login.example.org"
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  private static func document(
    issuer: String = root, token: String = root + "/token", more: String = ""
  ) -> [UInt8] {
    Array(
      """
      {"issuer":"\(issuer)","authorization_endpoint":"\(root)/auth","token_endpoint":"\(token)",\
      "jwks_uri":"\(root)/keys"\(more)}
      """.utf8)
  }

  private func pending() throws -> OAuthPending {
    try OAuthPending(
      OAuthIssuer(document: Self.document(), of: Self.root), client: "c 1",
      redirect: "http://127.0.0.1:1/back", scopes: ["a", "b c"], at: start)
  }

  private func field(_ name: String, of address: String) throws -> String {
    let items = try #require(URLComponents(string: address)?.queryItems)
    return try #require(items.first { $0.name == name }?.value)
  }

  @Test("a document of another issuer, or with an address in clear text, is refused")
  func documents() throws {
    #expect(try OAuthIssuer(document: Self.document(), of: Self.root + "/").issuer == Self.root)
    for (document, of) in [
      (Self.document(issuer: "https://evil.example.org"), Self.root),
      (Self.document(token: "http://login.example.org/token"), Self.root),
      (Self.document(token: "https://u@login.example.org/token"), Self.root),
      (Self.document(more: ",\"revocation_endpoint\":\"ftp://x\""), Self.root),
      (Self.document(token: "http://127.0.0.1:22/x"), Self.root), (Array("{}".utf8), Self.root),
      (Array("[".utf8), Self.root),
    ] {
      #expect(throws: ApplianceError.self) { try OAuthIssuer(document: document, of: of) }
    }
    #expect(
      try OAuthIssuer.address(
        of: "microsoft-365", issuer: nil, tenant: "9188040d-6c67-4c5b-b112-36a304b66dad")
        == "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0")
    #expect(throws: ApplianceError.self) {
      try OAuthIssuer.address(of: "microsoft-365", issuer: nil, tenant: "example.org")
    }
    #expect(throws: ApplianceError.self) {
      try OAuthIssuer.address(of: "own", issuer: "http://login.example.org", tenant: nil)
    }
  }

  @Test("the address has a challenge of the verifier, and a state that is another secret")
  func address() throws {
    let pending = try pending()
    let address = pending.address
    #expect(try field("code_challenge_method", of: address) == "S256")
    #expect(try field("client_id", of: address) == "c 1")
    #expect(try field("scope", of: address) == "a b c")
    #expect(!address.contains(pending.verifier))
    #expect(try field("state", of: address) != pending.verifier)
    #expect(try field("code_challenge", of: address).utf8.count == 43)
    #expect(pending.verifier.utf8.count == 43)
    #expect(try self.pending().address != address)
  }

  @Test("only the answer to this very consent counts, and only for ten minutes")
  func answers() throws {
    let pending = try pending()
    let state = try field("state", of: pending.address)
    let good = "http://127.0.0.1:1/back?code=abc%2F1&state=\(state)"
    let code = try pending.code(in: good, at: start + 599)
    #expect(code.withBytes { String(decoding: $0, as: UTF8.self) } == "abc/1")
    #expect(throws: Never.self) {
      try pending.code(in: good + "&iss=https%3A%2F%2Flogin.example.org#x", at: start)
    }
    for (answer, second) in [
      (good, 600.0), (good, -1), ("http://127.0.0.1:1/back?code=abc&state=x", 0),
      ("http://127.0.0.1:1/back?code=abc", 0), ("http://127.0.0.1:2/back?code=a&state=\(state)", 0),
      (good + "&iss=https%3A%2F%2Fevil.example.org", 0), ("", 0), ("http://127.0.0.1:1/back", 0),
      ("http://127.0.0.1:1/back?error=access_denied&state=\(state)", 0),
      ("http://127.0.0.1:1/back?code=&state=\(state)", 0),
      (good + "&iss=https%3A%2F%2Fevil%ZZ", 0), (good + "&code=other", 0),
    ] {
      #expect(throws: ApplianceError.self, "\(answer)") {
        try pending.code(in: answer, at: start + second)
      }
    }
  }

  @Test("a server that names itself has to, and a redirect has to come back unchanged")
  func strictness() throws {
    let more = ",\"authorization_response_iss_parameter_supported\":true"
    let issuer = try OAuthIssuer(document: Self.document(more: more), of: Self.root)
    let pending = try OAuthPending(
      issuer, client: "c", redirect: "http://127.0.0.1:1/back", scopes: [], at: start)
    let state = try field("state", of: pending.address)
    let answer = "http://127.0.0.1:1/back?code=a&state=\(state)"
    #expect(throws: ApplianceError.self) { try pending.code(in: answer, at: start) }
    #expect(throws: Never.self) {
      try pending.code(in: answer + "&iss=https%3A%2F%2Flogin.example.org", at: start)
    }
    for redirect in [
      "http://127.0.0.1:1", "https://Example.org/a", "https://example.org:443/a",
      "https://example.org/a?b=1",
      "http://example.org/a",
    ] {
      #expect(throws: ApplianceError.self, "\(redirect)") {
        try OAuthPending(issuer, client: "c", redirect: redirect, scopes: [], at: start)
      }
    }
  }

  @Test("a token answer is one with a bearer token; what a server says is not repeated")
  func grants() throws {
    let answer = #"{"access_token":"a","token_type":"Bearer","expires_in":60,"scope":"x y"}"#
    let grant = try OAuthGrant(answer: Array(answer.utf8), status: 200, at: start)
    #expect(grant.accessEnds == start + 60 && grant.scopes == ["x", "y"] && grant.refresh == nil)
    #expect(!"\(grant)".contains("\"a\""))
    let text = #"{"access_token":"a","token_type":"bearer","expires_in":"60"}"#
    #expect(
      try OAuthGrant(answer: Array(text.utf8), status: 200, at: start).accessEnds == start + 60)
    let over = #"{"access_token":"a","token_type":"bearer","expires_in":0}"#
    #expect(try OAuthGrant(answer: Array(over.utf8), status: 200, at: start).accessEnds == start)
    for (body, status) in [
      (answer, 400), (#"{"access_token":"a"}"#, 200), (#"{"token_type":"bearer"}"#, 200),
      ("x", 200),
      (#"{"access_token":"","token_type":"bearer"}"#, 200),
    ] {
      #expect(throws: ApplianceError.self) {
        try OAuthGrant(answer: Array(body.utf8), status: status, at: start)
      }
    }
    do {
      let body = #"{"error":"invalid_grant","error_description":"code SECRET is over"}"#
      _ = try OAuthGrant(answer: Array(body.utf8), status: 400, at: start)
    } catch let error as ApplianceError {
      #expect(error.message.contains("invalid_grant") && !error.message.contains("SECRET"))
    }
  }
}
