// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// Secrets by name and by shape, and texts that must stay printable.
struct SecretTextTests {
  static let references: [(String, SecretReference)] = [
    ("env:KAFCLAW_GATEWAY_AUTH_TOKEN", .environment("KAFCLAW_GATEWAY_AUTH_TOKEN")),
    ("env:a1", .environment("a1")), ("tomb:slack-bot", .tomb("slack-bot")),
    ("tomb:env/A_TOKEN", .tomb("env/A_TOKEN")), ("tomb:a.b", .tomb("a.b")),
    ("file:models.key", .file("models.key")),
  ]

  @Test(arguments: SecretTextTests.references)
  func readsReferences(text: String, reference: SecretReference) {
    #expect(SecretReference(text) == reference)
    #expect(reference.description == text)
  }

  @Test(arguments: [
    "", ":", "env", "env:", "tomb:", "file:", "ENV:A", " env:A", "env:A ", "env:A B", "env:A-B",
    "env:A/B", "env:A:B", "env:$A", "env:${A}", "vault:a", "tomb:..", "tomb:a/../b", "file:../a",
    "tomb:zoë", "tomb:a\n", "tomb:a\0", "tomb:*", "correct-horse", "https://example.org/a",
  ])
  func refusesWhatIsNoReference(text: String) {
    #expect(SecretReference(text) == nil)
  }

  @Test func referencesHaveNamesOf128BytesAtMost() {
    let name = String(repeating: "n", count: 128)
    #expect(SecretReference("tomb:\(name)") == .tomb(name))
    #expect(SecretReference("tomb:\(name)n") == nil)
  }

  /// Prefixes of credentials and how many characters follow.
  private static let shapes: [(prefix: String, tail: Int)] = [
    ("sk-", 16), ("sk-proj-", 16), ("sk-ant-api03-", 16), ("sk_live_", 16), ("rk_live_", 16),
    ("xoxb-", 8), ("xoxp-", 8), ("xapp-", 8), ("ghp_", 20), ("gho_", 20), ("ghs_", 20),
    ("github_pat_", 20), ("glpat-", 16), ("AKIA", 16), ("ASIA", 16), ("AIza", 32), ("npm_", 32),
    ("hf_", 32), ("SG.", 32), ("dop_v1_", 32), ("AGE-SECRET-KEY-1", 32), ("EAAG", 40),
  ]

  static let credentials: [String] = shapes.map { shape in
    shape.prefix + String(repeating: "FAKE", count: shape.tail / 4)
  }

  @Test(arguments: SecretTextTests.credentials)
  func knowsCredentialsWhereverTheyStand(credential: String) {
    for text in [
      credential, "token=\(credential)", "use \(credential), please", "\"\(credential)\"",
      "https://example.org/?key=\(credential)", "tomb:\(credential)", "zoë \(credential)",
    ] {
      #expect(SecretPattern.matches(text))
      #expect(Quoted(text).description == "<redacted>")
    }
  }

  @Test(arguments: [
    "-----BEGIN FAKE PRIVATE KEY-----", "x -----BEGIN PRIVATE KEY----- y",
    "eyJmYWtl.eyJmYWtl.ZmFrZQ", "eyJmYWtl.eyJmYWtl.",
    "123456789:FAKEfakeFAKEfakeFAKEfakeFAKEfakeFAK",
  ])
  func knowsKeysAndTokensOfOtherShapes(text: String) {
    #expect(SecretPattern.matches(text))
    #expect(Quoted(text).description == "<redacted>")
  }

  @Test(arguments: [
    "", "task-force-management-plan", "risk-assessment-of-the-year",
    "desk-and-chairs-for-everybody",
    "sk-", "sk-short", "xoxb-", "xoxb-abc", "ghp_", "AKIA", "AKIAFAKE", "MAKIAFAKEFAKEFAKEFAKE",
    "SG.", "EAAG", "npm_install", "hf_hub", "eyJ", "eyJhbGciOi", "eyJ is how a token starts",
    "eyJ.a", "the private key stays at home", "PRIVATE KEY", "12:30", "12345678:short",
    "127.0.0.1:18790", "0 3 * * *", "https://models.example/v1", "U024BE7LH",
    "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
    "sha256=b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
    "7f9c24e8-3b1d-4a5e-9c0f-2d1e3f4a5b6c", "ops@example.org", "env:KAFCLAW_GATEWAY_AUTH_TOKEN",
  ])
  func takesNothingElseForACredential(text: String) {
    #expect(!SecretPattern.matches(text))
  }

  @Test func quotesPlainTextAsItIs() {
    #expect(Quoted("web").description == "\"web\"")
    #expect(Quoted("").description == "\"\"")
    #expect(Quoted("zoë 日本").description == "\"zoë 日本\"")
  }

  @Test func quotesControlCharactersByNumber() {
    #expect(Quoted("a\u{1b}[2Jb").description == "\"a\\u{1b}[2Jb\"")
    for value in Array(0x00...0x1F) + Array(0x7F...0x9F) {
      expectEscaped(UInt32(value))
    }
  }

  @Test func quotesInvisibleCharactersByNumber() {
    let scalars = (0x80...0xFFFF as ClosedRange<UInt32>).compactMap { Unicode.Scalar($0) }
    for scalar in scalars where scalar.properties.isBidiControl { expectEscaped(scalar.value) }
    for value: UInt32 in [0x200B, 0x200C, 0x200D, 0x2028, 0x2029, 0xFEFF] { expectEscaped(value) }
  }

  @Test func shortensLongText() {
    let text = String(repeating: "ä", count: 81)
    #expect(Quoted(String(text.dropLast())).description == "\"\(text.dropLast())\"")
    #expect(Quoted(text).description == "\"\(text.dropLast())…\"")
    #expect(Quoted(String(repeating: "x", count: 100_000)).description.count == 83)
  }

  private func expectEscaped(_ value: UInt32) {
    let number = String(value, radix: 16)
    let text = Unicode.Scalar(value).map { "a\(Character($0))b" } ?? ""
    #expect(Quoted(text).description == "\"a\\u{\(number)}b\"", "U+\(number)")
  }
}
