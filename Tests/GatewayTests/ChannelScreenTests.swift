// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import Foundation
import Testing

@testable import Gateway

/// What a platform says, as it may be logged, recorded and told.
struct ChannelScreenTests {
  private static let signing = "signing-8f742231"
  private static let word = "verify-word-7741"
  private static let token = "123456:kafclaw-token"
  private static let withheld =
    "what the platform says is withheld: it held a secret of the channel"

  private func screen() -> ChannelScreen {
    func secret(_ text: String) -> SecretValue { SecretValue(copying: text.utf8) }
    return ChannelScreen(
      ChannelSecrets(
        signing: secret(Self.signing), verify: secret(Self.word), token: secret(Self.token)))
  }

  private func shown(_ text: String) -> String {
    screen().screened(DeliveryFailure(.refused, text)).message
  }

  @Test(
    "a failure that quotes a secret of the channel is withheld, whatever its form",
    arguments: [
      signing, word, token, "123456%3Akafclaw-token", Data(token.utf8).base64EncodedString(),
    ])
  func quoted(secret: String) {
    let failure = DeliveryFailure(.unauthorized, "no such token: \(secret)!", retryAfter: 7)
    #expect(
      screen().screened(failure) == DeliveryFailure(.unauthorized, Self.withheld, retryAfter: 7))
  }

  @Test("also where it stands at the cut, or behind it", arguments: [0, 280, 299, 300, 5_000])
  func behindTheCut(before: Int) {
    #expect(shown(String(repeating: "x", count: before) + Self.token) == Self.withheld)
  }

  @Test("a long text is cut to 300 scalars, also within a sign")
  func cut() {
    let plain = String(repeating: "x", count: 300)
    #expect(shown(plain) == plain && shown(plain + "y") == plain)
    // One sign of a thousand and one scalars.
    let heavy = "e" + String(repeating: "\u{301}", count: 1_000)
    #expect(shown(heavy).unicodeScalars.elementsEqual(heavy.unicodeScalars.prefix(300)))
  }

  @Test(
    "what cannot be seen is replaced; backslashes stay, whoever shows it escapes them",
    arguments: [
      ("a\u{200B}b", "a\u{FFFD}b"), ("\u{202E}x", "\u{FFFD}x"),
      ("one\r\ntwo", "one\u{FFFD}\u{FFFD}two"), ("\u{1B}[2J", "\u{FFFD}[2J"),
      ("\u{FEFF}", "\u{FFFD}"), ("C:\\dir \\u{7}", "C:\\dir \\u{7}"), ("é 🦀", "é 🦀"),
    ])
  func invisible(text: String, shown: String) {
    #expect(self.shown(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
  }

  @Test("an id that holds a secret is none")
  func ids() {
    let screen = screen()
    for secret in [Self.signing, Self.word, Self.token] {
      #expect(screen.screened(id: secret) == nil)
      #expect(screen.screened(id: "id-\(secret)-1") == nil)
    }
    #expect(screen.screened(id: nil) == nil)
    #expect(screen.screened(id: "1763806341.000200") == "1763806341.000200")
    #expect(screen.screened(id: "a\u{202E}b") == "a\u{FFFD}b")
    #expect(screen.screened(id: String(repeating: "i", count: 301))?.utf8.count == 300)
  }

  @Test("without secrets nothing is withheld")
  func noSecrets() {
    let failure = DeliveryFailure(.busy, "too many: \(Self.token)", retryAfter: 3)
    #expect(ChannelScreen(ChannelSecrets()).screened(failure) == failure)
  }
}
