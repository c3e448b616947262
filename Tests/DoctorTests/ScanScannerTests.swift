// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Doctor

/// What the scanner finds in bytes, and that it finds nothing else.
struct ScanScannerTests {
  private func secret(_ name: String, _ bytes: [UInt8]) -> LiveSecret {
    LiveSecret(name, SecretValue(copying: bytes))
  }

  private func scanner(_ values: [String]) -> SecretScanner {
    SecretScanner(values.enumerated().map { secret("tomb:s\($0)", Array($1.utf8)) })
  }

  private func found(_ text: String, _ scanner: SecretScanner? = nil) -> [String] {
    (scanner ?? self.scanner([])).places(in: Array(text.utf8)).map(\.what)
  }

  // MARK: Live secrets

  /// Hides secrets in random bytes, in every form and at any place, feeds them in chunks of any size,
  /// and expects exactly what was hidden.
  @Test func findsExactlyWhatWasHidden() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "findsExactlyWhatWasHidden"))
    for _ in 0..<40 {
      let secrets = (0..<Int.random(in: 1...8, using: &random)).map { number in
        secret("tomb:s\(number)", Self.value(&random))
      }
      let hay = Hay(secrets, using: &random)
      var scan = SecretScan(SecretScanner(secrets), shapes: Bool.random(using: &random))
      var rest = hay.bytes[...]
      while !rest.isEmpty {
        let longest = [97, 1_000, 20_000].randomElement(using: &random) ?? 97
        let size = Int.random(in: 1...longest, using: &random)
        Array(rest.prefix(size)).withUnsafeBytes { scan.feed($0) }
        rest = rest.dropFirst(size)
      }
      #expect(scan.finish().filter { $0.name != nil } == hay.places)
    }
  }

  @Test func findsNothingInCleanFiles() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "findsNothingInCleanFiles"))
    let secrets = (0..<20).map { secret("tomb:s\($0)", Self.value(&random)) }
    let scanner = SecretScanner(secrets)
    for _ in 0..<20 {
      let size = Int.random(in: 0...60_000, using: &random)
      #expect(scanner.places(in: Hay.random(size, using: &random)) == [])
    }
  }

  /// At least as long as what is looked for; some look like text, some do not.
  private static func value(_ random: inout SplitMix64) -> [UInt8] {
    let length = Int.random(in: 12...80, using: &random)
    let isText = Bool.random(using: &random)
    let alphabet = Array("abcXYZ019-_.~+/=&% \"\\".utf8)
    var value = (0..<length).map { _ in
      isText
        ? alphabet.randomElement(using: &random) ?? 0x61 : UInt8.random(in: 0...255, using: &random)
    }
    // Blanks at the ends are no part of a secret.
    (value[0], value[length - 1]) = (0x61, 0x7A)
    return value
  }

  @Test func secretOfOneLineIsFoundWithoutItsEnd() {
    #expect(found("x correct-horse-battery x", scanner(["correct-horse-battery\n"])).count == 1)
  }

  @Test func shortSecretsAreCountedAndNotLookedFor() {
    let scanner = scanner(["elevenbytes", "  padded\n\n\n\n\n", "twelve-bytes"])
    #expect(scanner.index.skipped == 2)
    #expect(found("elevenbytes padded", scanner) == [])
    #expect(found("twelve-bytes", scanner) == ["tomb:s2 in plain"])
  }

  @Test func valueUnderTwoNamesIsFoundOnce() {
    #expect(
      found("a correct-horse z", scanner(["correct-horse", "correct-horse"])) == [
        "tomb:s0 in plain"
      ])
  }

  @Test func longSecretIsKnownByItsBeginning() {
    var random = SplitMix64(seed: 7)
    let value = Hay.random(60_000, using: &random)
    let scanner = SecretScanner([secret("tomb:long", value)])
    #expect(scanner.index.longest <= 3 * SecretIndex.longestValue)
    #expect(scanner.places(in: [1, 2, 3] + value).map(\.offset) == [3])
  }

  @Test func namesAreVisible() {
    let scanner = SecretScanner([secret("env:A\u{1B}[2J", Array("correct-horse".utf8))])
    #expect(found("correct-horse", scanner) == ["env:A\\u{1b}[2J in plain"])
  }

  // MARK: Shapes

  static let body = "Zx8Q1kR7vB3nM5tY9wE2uI4oP6aS0dFgHjKl"

  static let credentials: [(String, String)] = [
    ("sk-" + body, "sk-…"), ("ghp_" + body, "ghp_…"), ("AKIA" + body, "AKIA…"),
    ("xoxb-" + body, "xoxb-…"), ("glpat-" + body, "glpat-…"), ("AIza" + body, "AIza…"),
    ("-----BEGIN PRIVATE KEY-----\n" + body, "a private key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\r\n" + body, "a private key"),
    (#"{"key":"-----BEGIN RSA PRIVATE KEY-----\n\#(body)"}"#, "a private key"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.\(body)", "a JSON Web Token"),
    ("123456789:\(body.prefix(35))", "a token of a Telegram bot"),
  ]

  @Test(arguments: credentials.indices)
  func knowsTheShapesOfCredentials(index: Int) {
    let (text, shape) = Self.credentials[index]
    for around in [("", ""), ("\0", "\0"), ("a=", "\n"), ("\u{FF}\"", "\" "), ("é ", ".")] {
      #expect(found(around.0 + text + around.1) == ["of the shape of \(shape)"], "\(text)")
    }
  }

  @Test(arguments: credentials.indices)
  func knowsShapesAcrossChunks(index: Int) {
    let text = Array((" " + Self.credentials[index].0 + " ").utf8)
    for size in [1, 2, 3, 17] {
      var scan = SecretScan(scanner([]), shapes: true)
      for start in stride(from: 0, to: text.count, by: size) {
        Array(text[start..<min(text.count, start + size)]).withUnsafeBytes { scan.feed($0) }
      }
      #expect(scan.finish().count == 1)
    }
  }

  @Test(arguments: [
    "task-force-management-plan", "risk-assessment-of-the-year-2026", "sk-", "sk-short",
    "mask-\(body)",
    "AKIAXXXXXXXXXXXXXXXX", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk-XXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "the PRIVATE KEY stays at home", "-----BEGIN PRIVATE KEY-----", "\"PRIVATE KEY-----\"",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED",
    "-----BEGIN PUBLIC KEY-----\n\(body)",
    "eyJhbGciOi", "eyJhbGciOiJIUzI1NiJ9.\(body)", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.", "12:30",
    "1750000000:\(body)", "12345678:short", "123456789012345:\(body.prefix(35))",
    "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c", "env:KAFCLAW_TOKEN",
  ])
  func takesNothingElseForACredential(text: String) {
    #expect(found(text) == [])
    #expect(found("a \(text) z") == [])
  }

  @Test func shapesAreNotLookedForWhereEverybodyWrites() {
    let text = Array("sk-\(Self.body)".utf8)
    #expect(scanner([]).places(in: text, shapes: false) == [])
  }

  @Test func keepsABoundedNumberOfPlaces() {
    let text = String(repeating: "correct-horse ", count: 1_000)
    #expect(found(text, scanner(["correct-horse"])).count == SecretScan.placeLimit)
  }
}

/// Random bytes with secrets in them.
private struct Hay {
  private(set) var bytes: [UInt8] = []
  private(set) var places: [SecretPlace] = []

  static func random(_ count: Int, using random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  init(_ secrets: [LiveSecret], using random: inout SplitMix64) {
    for secret in secrets {
      for form in SecretForm.allCases {
        bytes += Self.random(Int.random(in: 0...2_500, using: &random), using: &random)
        hide(secret, form, using: &random)
      }
    }
    bytes += Self.random(Int.random(in: 0...9_000, using: &random), using: &random)
    places.sort { ($0.offset, $0.what) < ($1.offset, $1.what) }
  }

  private mutating func hide(
    _ secret: LiveSecret, _ form: SecretForm, using random: inout SplitMix64
  ) {
    let value = secret.value.withBytes { Array($0) }
    let before = Self.random(Int.random(in: 0...5, using: &random), using: &random)
    let after = Self.random(Int.random(in: 0...5, using: &random), using: &random)
    var (text, skip, words) = (value, 0, form.words)
    switch form {
    case .plain: break
    case .base64, .base64url:
      let isURL = form == .base64url
      var encoded = Data(before + value + after).base64EncodedString()
      if isURL {
        encoded = encoded.replacing("+", with: "-").replacing("/", with: "_").replacing(
          "=", with: "")
      }
      text = Array(encoded.utf8)
      skip = (8 * before.count + 5) / 6
      // Where none of the two differs, it is both.
      let end = 8 * (before.count + value.count) / 6
      let own = text[skip..<end]
      if isURL, !own.contains(0x2D), !own.contains(0x5F) { words = SecretForm.base64.words }
    case .hexadecimal:
      let isUpper = Bool.random(using: &random)
      text = Array(value.map { String(format: isUpper ? "%02X" : "%02x", $0) }.joined().utf8)
    case .percentEncoded:
      let plain = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
      text = value.flatMap { byte -> [UInt8] in
        plain.contains(Unicode.Scalar(byte)) && byte < 0x80
          ? [byte] : Array(String(format: "%%%02X", byte).utf8)
      }
      if text == value { words = SecretForm.plain.words }
    }
    places.append(
      SecretPlace(
        offset: bytes.count + skip, what: "\(secret.name) \(words)", name: secret.name))
    bytes += text
  }
}
