// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Provenance

/// Statements that allow one rewind.
struct EmergencyStatementTests {
  private let keyring: Keyring
  private let statement = EmergencyStatement(
    repository: "file:///srv/desired.git", branch: "main",
    from: String(repeating: "a", count: 40), to: String(repeating: "b", count: 40),
    notAfter: Date(timeIntervalSince1970: 1_750_086_400.75))

  init() throws {
    keyring = try Keyring()
  }

  private func verify(
    _ bytes: [UInt8]? = nil, signature: [UInt8]? = nil, by name: String = "alice",
    roles: Set<Signer.Role> = [.emergency], paths: [String] = [], at now: Date = .received,
    validFrom: Date? = nil, validUntil: Date? = nil, revoked: Date? = nil
  ) throws -> EmergencyStatement {
    let bytes = bytes ?? statement.signedBytes
    let signer = try keyring.signer(
      "alice", roles, paths: paths, validFrom: validFrom, validUntil: validUntil, revoked: revoked)
    return try EmergencyStatement.verify(
      bytes: bytes,
      signature: try signature ?? keyring.sign(bytes, by: name, for: EmergencyStatement.namespace),
      signers: [signer], at: now)
  }

  private func code(_ body: () throws -> EmergencyStatement) -> ApplianceError.Code? {
    #expect(throws: ApplianceError.self) { _ = try body() }?.code
  }

  @Test func theTextIsCanonical() {
    #expect(
      statement.signedBytes.text == """
        {"branch":"main","formatVersion":1,"from":"\(String(repeating: "a", count: 40))",\
        "kind":"rewind","notAfter":"2025-06-16T15:06:40Z",\
        "repository":"file:///srv/desired.git","to":"\(String(repeating: "b", count: 40))"}

        """)
  }

  @Test func anOperatorsStatementCounts() throws {
    #expect(try verify() == statement)
    #expect(try verify(at: statement.notAfter) == statement)
    #expect(try verify(roles: [.emergency, .commit]) == statement)
    let bytes = try ApplianceJSON.encode(statement)
    #expect(try ApplianceJSON.decode(EmergencyStatement.self, from: bytes) == statement)
  }

  @Test func whoAndWhen() {
    #expect(code { try verify(by: "mallory") } == .provenanceRefused)
    #expect(code { try verify(roles: [.commit, .approve]) } == .provenanceRefused)
    #expect(code { try verify(paths: ["kafclaw.yaml"]) } == .provenanceRefused)
    #expect(code { try verify(revoked: .days(1)) } == .provenanceRefused)
    #expect(code { try verify(validUntil: .days(-1)) } == .provenanceRefused)
    #expect(code { try verify(validFrom: .days(1)) } == .provenanceRefused)
    #expect(
      code { try verify(at: .days(0.00002, after: statement.notAfter)) } == .provenanceRefused)
    #expect(code { try verify(at: .days(400)) } == .provenanceRefused)
  }

  @Test func theSignatureIsForThisTextAndPurpose() throws {
    let bytes = statement.signedBytes
    for namespace in ["git", "file", "emergency@kafclaw2"] {
      let signature = try keyring.sign(bytes, for: namespace)
      #expect(code { try verify(signature: signature) } == .provenanceRefused)
    }
    let other = try keyring.sign(bytes + [0x0A], for: EmergencyStatement.namespace)
    #expect(code { try verify(signature: other) } == .provenanceRefused)
    #expect(code { try verify(signature: []) } == .provenanceMalformed)
    try keyring.make("rsa", .rsa)
    #expect(code { try verify(by: "rsa") } == .provenanceKeyType)
  }

  @Test func everyByteCounts() throws {
    let bytes = statement.signedBytes
    let signature = try keyring.sign(bytes, for: EmergencyStatement.namespace)
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x20, 0x80] {
        var changed = bytes
        changed[index] ^= mask
        #expect(throws: ApplianceError.self) { _ = try verify(changed, signature: signature) }
      }
    }
  }

  /// Even with a good signature, only one text says one thing.
  @Test func signedTextsOfAnotherForm() throws {
    let text = statement.signedBytes.text
    let (from, to) = (String(repeating: "a", count: 40), String(repeating: "b", count: 40))
    let edits = [
      ("", String(text.dropLast())), ("", text + "\n"), ("", " " + text), ("", "[]\n"), ("", ""),
      (",\"to\"", ", \"to\""), ("{", "{\"a\":1,"), ("\"kind\":\"rewind\",", ""),
      ("rewind", "reset"), (":1,", ":2,"), (":1,", ":1.0,"), (":1,", ":\"1\","),
      ("Z\"", "+00:00\""), ("2025-06-16", "2025-06-31"), ("2025-06-16T15", "2025-06-16 15"),
      ("15:06:40Z", "15:06:40.5Z"), ("15:06:40", "24:06:40"), ("main", ""), ("main", "m\\u0061in"),
      ("main", "ma\\u0000in"), ("main", "ma\u{202e}in"), (from, to), (to, to.uppercased()),
      (to, String(to.dropLast())), (to, "HEAD"), ("\"branch\":\"main\"", "\"branch\":null"),
      ("{\"branch\":\"main\"", "{\"branch\":\"main\",\"branch\":\"main\""),
      ("main", String(repeating: "m", count: EmergencyStatement.limit)),
      ("file:///", "file:\\/\\/\\/"),
    ]
    for (old, new) in edits {
      let changed = old.isEmpty ? new : text.replacing(old, with: new)
      #expect(changed != text)
      #expect(code { try verify(Array(changed.utf8)) } == .provenanceMalformed, "\(changed)")
    }
  }
}
