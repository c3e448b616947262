// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Tomb

/// Tokens that are made, and the judgement of those that come from elsewhere.
struct TokenTextTests {
  private func weakness(_ text: String) -> String? { weakness(Array(text.utf8)) }

  private func weakness(_ bytes: [UInt8]) -> String? {
    TokenText.weakness(of: SecretValue(copying: bytes))
  }

  /// 32 characters, each another one: strong by every measure.
  private static let strong = "q7Zr2Xw9Lm4Tb8Vk1Nd6Hs3Jf5Gc0PyA"

  // MARK: Weak tokens

  @Test(arguments: ["", "a", "hunter2", "correct-horse-battery", String(strong.dropLast())])
  func aShortTokenIsWeak(token: String) {
    #expect(weakness(token) == "it has \(token.utf8.count) characters, not at least 32")
  }

  static let repetitive = [
    String(repeating: "a", count: 32), String(repeating: "7", count: 4_000),
    String(repeating: "ab", count: 16), String(repeating: "abc", count: 11),
    String(repeating: "hunter2", count: 5), String(repeating: "x7Qp2Lm9Zk4Rt8Wv", count: 2),
    String(repeating: "0123456789abcdef", count: 2), "12345678901234567890123456789012",
    "0123456789abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuvwxyz0123456789",
    "zyxwvutsrqponmlkjihgfedcba987654", "112233445566778899aabbccddeeff00",
    "aabbccddeeffgghhiijjkkllmmnnoopp", "00000000000000000000000000000001",
    "10000000000000000000000000000000", "aaaaaaaaaaaaaaaabaaaaaaaaaaaaaaab",
    "10101101001011101010011010101101",
  ]

  @Test(arguments: TokenTextTests.repetitive)
  func aTokenThatRepeatsOrCountsIsWeak(token: String) {
    #expect(weakness(token) == "it repeats itself")
  }

  static let poor = [
    "aeioaieoeaoiiaeoeioaaioeoeiaieao", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1",
    "19191919191919191919191919191919x", "1313131313131313-313131313131313x",
    "4242424224242442424242422424242x", String(repeating: "0f", count: 15) + "f0",
  ]

  @Test(arguments: TokenTextTests.poor)
  func aTokenOfFewCharactersIsWeak(token: String) {
    #expect(weakness(token) == "its characters are not random")
  }

  static let placeholders = [
    "long-random-token", "changeme", "change-me", "change_me", "placeholder", "your-token",
    "your_token", "yourtoken", "replace-me", "replace_me", "replaceme", "example", "password",
    "secret-token", "insert-token", "xxxxxxxx",
  ]

  @Test(arguments: TokenTextTests.placeholders)
  func aPlaceholderIsWeakInAnyCaseAndPlace(word: String) {
    let mixed = word.enumerated().map { index, letter in
      index.isMultiple(of: 2) ? letter.uppercased() : "\(letter)"
    }
    for form in [word, word.uppercased(), word.capitalized, mixed.joined()] {
      for token in [form + Self.strong, Self.strong + form, "q7Zr2Xw9" + form + Self.strong] {
        #expect(weakness(token) == "it is a placeholder from documentation", "\(token)")
      }
    }
  }

  @Test(arguments: [
    "MyPassword-2024-for-the-gateway!!", "P4ssword-password-P4ssword-9182736",
    "kafclaw_CHANGEME_kafclaw_CHANGEME_k", "<your-token-of-at-least-32-letters>",
    "this-is-an-example-of-a-long-token", "XXXXXXXX-1f7c-4b0e-9d55-6a2b8c3e4f90",
  ])
  func aPasswordOrATemplateIsWeak(token: String) {
    #expect(weakness(token) == "it is a placeholder from documentation")
  }

  /// White space, control characters, and what is not ASCII.
  static let unsendable: [[UInt8]] = [
    [0x00], [0x09], [0x0A], [0x0B], [0x0D], [0x0D, 0x0A], [0x1B], [0x1F], [0x20], [0x7F], [0x80],
    [0xA0], [0xC2, 0xA0], [0xC3, 0xA9], [0xEF, 0xBB, 0xBF], [0xFF],
  ]

  @Test(arguments: TokenTextTests.unsendable)
  func aTokenThatNoHeaderCanHoldIsWeak(bytes: [UInt8]) {
    let strong = Array(Self.strong.utf8)
    for token in [bytes + strong, strong + bytes, Array(strong[..<7] + bytes + strong[7...])] {
      #expect(weakness(token) == "it has characters that cannot be in an HTTP header")
    }
  }

  // MARK: Strong tokens

  static let nearMisses = [
    strong, "7f3a9c0e5b1d8246f09ce37a1b5d8246", "xxxxxxx" + strong, "exampl" + strong + "e",
    "passwor" + strong + "d", "change.me" + strong, "your token".replacing(" ", with: "+") + strong,
    // One part again and again, but for one character.
    "x7Qp2Lm9Zk4Rt8Wvx7Qp2Lm9Zk4Rt8Wz", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~A" + strong,
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  ]

  @Test(arguments: TokenTextTests.nearMisses)
  func aNearMissIsStrong(token: String) {
    #expect(weakness(token) == nil)
  }

  @Test func madeTokensAreStrongAndDiffer() {
    let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var seen: Set<String> = []
    for _ in 0..<1_000 {
      let token = TokenText.random()
      #expect(TokenText.weakness(of: token) == nil)
      #expect(token.count == 51 && token.text.hasPrefix("kafclaw_"))
      #expect(token.text.utf8.allSatisfy(alphabet.contains))
      seen.insert(token.text)
    }
    #expect(seen.count == 1_000)
  }

  /// What people are told to use instead: `openssl rand`, `uuidgen`.
  @Test func randomTokensOfOtherProgramsAreStrong() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "random tokens"))
    for _ in 0..<1_000 {
      let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let uuid = bytes[..<16].withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
      let tokens = [
        TokenText.prefix + String(decoding: TokenText.base64url(bytes), as: UTF8.self),
        Hexadecimal.encode(bytes), Hexadecimal.encode(bytes[..<16]),
        Data(bytes).base64EncodedString(), Data(bytes[..<24]).base64EncodedString(),
        uuid.uuidString, uuid.uuidString.lowercased(),
      ]
      for token in tokens { #expect(weakness(token) == nil, "\(token)") }
    }
  }

  /// RFC 4648 §10, without padding.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
    ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
  ])
  func base64IsThatOfTheStandard(plain: String, coded: String) {
    #expect(String(decoding: TokenText.base64url(Array(plain.utf8)), as: UTF8.self) == coded)
  }

  @Test func base64HasTheAlphabetForAddresses() {
    #expect(String(decoding: TokenText.base64url([0xFB, 0xFF]), as: UTF8.self) == "-_8")
    let many = TokenText.base64url([UInt8](repeating: 0xFF, count: 3_000))
    #expect(many == [UInt8](repeating: UInt8(ascii: "_"), count: 4_000))
  }

  // MARK: What is told

  @Test func theErrorNamesThePlaceAndNotTheToken() throws {
    let weak = [
      "canary-4711", String(repeating: "canary", count: 6), "password-canary" + Self.strong,
    ]
    for token in weak {
      let error = #expect(throws: ApplianceError.self) {
        try TokenText.requireStrong(
          SecretValue(copying: Array(token.utf8)), "gateway.auth.token")
      }
      #expect(error?.code == .tokenWeak)
      #expect(error?.message.contains("gateway.auth.token") == true)
      #expect(error?.hint?.contains("kafclaw token generate") == true)
      #expect(error?.description.contains("canary") == false)
    }
    try TokenText.requireStrong(SecretValue(copying: Array(Self.strong.utf8)), "gateway.auth.token")
  }
}
