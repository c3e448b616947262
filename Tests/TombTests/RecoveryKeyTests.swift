// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Tomb

/// Recovery keys as people keep them.
struct RecoveryKeyTests {
  private func text(_ value: SecretValue) -> String {
    value.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func read(_ text: String) throws -> RecoveryKey {
    try RecoveryKey(SecretValue(copying: Array(text.utf8)))
  }

  @Test func textAndWordsGiveTheKeyBack() throws {
    let key = try RecoveryKey.random()
    for form in [text(key.text), text(key.words), text(key.words).uppercased() + "\n"] {
      #expect(try read(form).recipient == key.recipient)
    }
    #expect(text(key.words).split(separator: " ").count == 17)
  }

  @Test func aWrongLetterIsFound() throws {
    let words = text(try RecoveryKey.random().words)
    var found = 0
    for index in words.indices where words[index] != " " {
      var changed = words
      changed.replaceSubrange(index...index, with: words[index] == "b" ? "d" : "b")
      guard changed != words else { continue }
      do { _ = try read(changed) } catch { found += 1 }
    }
    // A consonant in a vowel's place is always found, another value by 16 bits of check.
    #expect(found >= 84)
  }

  /// The examples of the proposal (arXiv:0901.4016): addresses as pairs of words.
  @Test(arguments: [
    (0x7F00, "lusab"), (0x0001, "babad"), (0x3F54, "gutih"), (0xDCC1, "tugad"),
    (0x9343, "natag"), (0xFFFF, "zuzuz"),
  ])
  func wordsAreThoseOfTheProposal(number: Int, word: String) {
    let bytes = [UInt8(number >> 8), UInt8(number & 0xFF)]
    let written = SecretValue(count: 5) { target in
      bytes.withUnsafeBytes { Pronounceable.write($0, to: target) }
    }
    #expect(text(written) == word)
    let read = Array(word.utf8).withUnsafeBytes { Pronounceable.bytes($0) }
    #expect(read?.withBytes { Array($0) } == bytes)
  }

  @Test func recipientsAreChecked() throws {
    let recipient = try RecoveryKey.random().recipient
    #expect(try Recipient(recipient.description) == recipient)
    let last = recipient.description.dropLast() + (recipient.description.last == "0" ? "1" : "0")
    for wrong in [String(last), "", "kafclaw-recipient-", String(recipient.description.dropLast())]
    {
      #expect(throws: ApplianceError.self) { try Recipient(wrong) }
    }
  }
}
