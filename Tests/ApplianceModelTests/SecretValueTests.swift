// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

/// A secret can be used, and shows itself nowhere.
struct SecretValueTests {
  private static let bytes = Array("correct-horse-battery".utf8)

  private struct Holder {
    let name = "gateway"
    let secret: SecretValue
    let more: [String: SecretValue]
  }

  private let secret = SecretValue(copying: SecretValueTests.bytes)

  @Test func lendsItsBytes() {
    #expect(secret.count == SecretValueTests.bytes.count)
    let bytes = secret.withBytes { Array($0) }
    #expect(bytes == SecretValueTests.bytes)
  }

  @Test func mayBeEmpty() {
    let none: [UInt8] = []
    let empty = SecretValue(copying: none)
    let bytes = empty.withBytes { Array($0) }
    #expect(empty.count == 0)
    #expect(bytes.isEmpty)
  }

  @Test func copiesCollectionsOfAnyKind() {
    let slice = SecretValue(copying: SecretValueTests.bytes[8...12]).withBytes { Array($0) }
    let text = SecretValue(copying: "horse".utf8).withBytes { Array($0) }
    #expect(slice == Array("horse".utf8))
    #expect(text == slice)
  }

  @Test func passesErrorsOn() {
    #expect(throws: ApplianceError.self) {
      try secret.withBytes { (_: UnsafeRawBufferPointer) -> Int in
        throw ApplianceError(.inconsistent, "probe")
      }
    }
  }

  @Test func textsOfASecretAreRedacted() {
    #expect("\(secret)" == "<redacted>")
    #expect(String(describing: secret) == "<redacted>")
    #expect(String(reflecting: secret) == "<redacted>")
    #expect(secret.debugDescription == "<redacted>")
  }

  @Test func textsOfWhatHoldsASecretShowNothing() {
    let holder = Holder(secret: secret, more: ["a": secret])
    let optional: SecretValue? = secret
    let texts = [
      "\([secret])", "\(["key": secret])", "\(holder)", String(reflecting: holder),
      String(describing: optional), String(reflecting: (secret, 1)),
      "\(secret as Any)",
    ]
    for text in texts { expectNothing(in: text) }
  }

  @Test func mirrorShowsNothing() {
    let mirror = Mirror(reflecting: secret)
    #expect(mirror.children.isEmpty)
    #expect(mirror.superclassMirror?.children.isEmpty ?? true)
  }

  @Test func dumpShowsNothing() {
    var text = ""
    dump(secret, to: &text)
    dump(Holder(secret: secret, more: ["a": secret]), to: &text)
    expectNothing(in: text)
    #expect(text.contains("<redacted>"))
  }

  @Test func cannotBeEncoded() {
    #expect(!((secret as Any) is any Encodable))
    #expect(!((secret as Any) is any LosslessStringConvertible))
  }

  /// Neither the text, nor the bytes as numbers in either base.
  private func expectNothing(in text: String) {
    #expect(!text.contains("horse"))
    for radix in [10, 16] {
      let numbers = SecretValueTests.bytes.prefix(4).map { String($0, radix: radix) }
      for separator in ["", " ", ", "] {
        #expect(!text.lowercased().contains(numbers.joined(separator: separator)))
      }
    }
  }
}
