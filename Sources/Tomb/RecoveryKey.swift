// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import SodiumCrypto

/// The key that opens a tomb when everything else of its host is lost, as people keep it: a text to
/// store, or words to write down. Both carry two bytes of check.
public struct RecoveryKey: Sendable {
  public let key: RecipientKey

  static let prefix = "kafclaw-recovery-"

  public static func random() throws -> RecoveryKey { RecoveryKey(try .random()) }

  init(_ key: RecipientKey) { self.key = key }

  /// Reads the text or the words, with any white space, commas and dashes around and between.
  ///
  /// - Throws: `tomb.invalid`; the message has nothing of the key.
  public init(_ typed: SecretValue) throws {
    let letters = Self.letters(typed)
    let checked = letters.withBytes { letters -> SecretValue? in
      let begin = Self.prefix.utf8.filter { $0 != UInt8(ascii: "-") }
      return letters.starts(with: begin)
        ? SecretText.hexadecimal(UnsafeRawBufferPointer(rebasing: letters[begin.count...]))
        : Pronounceable.bytes(letters)
    }
    guard let checked, checked.count == SecretKey.count + 2 else { throw Self.misspelt }
    let key = try checked.withBytes { bytes in
      let key = try SecretKey(
        copying: UnsafeRawBufferPointer(rebasing: bytes.prefix(SecretKey.count)))
      guard Self.check(key).elementsEqual(bytes.suffix(2)) else { throw Self.misspelt }
      return key
    }
    self.key = try RecipientKey(key)
  }

  /// In lower case, without what is between the words.
  private static func letters(_ typed: SecretValue) -> SecretValue {
    let separators = Array(",-".utf8)
    let letters = typed.withBytes {
      SecretText.without({ SecretText.isBlank($0) || separators.contains($0) }, $0)
    }
    return letters.withBytes { letters in
      SecretValue(count: letters.count) { target in
        for (index, letter) in letters.enumerated() {
          let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(letter)
          target[index] = isCapital ? letter | 0x20 : letter
        }
      }
    }
  }

  private static var misspelt: ApplianceError {
    ApplianceError(
      .tombInvalid, "this is not a recovery key: a word or digit is wrong",
      hint: "it is \(Pronounceable.wordCount) words of five letters, or a text that begins with "
        + "\(prefix)")
  }

  private static func check(_ key: SecretKey) -> ArraySlice<UInt8> {
    let checked = SecretValue(count: prefix.utf8.count + SecretKey.count) { target in
      target.copyBytes(from: prefix.utf8)
      key.withBytes {
        UnsafeMutableRawBufferPointer(rebasing: target[prefix.utf8.count...]).copyMemory(from: $0)
      }
    }
    return SHA256.raw(checked).prefix(2)
  }

  /// The key with its check.
  private var checked: SecretValue {
    SecretValue(count: SecretKey.count + 2) { target in
      key.privateKey.withBytes { target.copyMemory(from: $0) }
      for (index, byte) in Self.check(key.privateKey).enumerated() {
        target[SecretKey.count + index] = byte
      }
    }
  }

  /// To be shown once, to the operator who keeps it.
  public var text: SecretValue {
    let (checked, begin) = (checked, Self.prefix.utf8.count)
    return SecretValue(count: begin + 2 * checked.count) { target in
      target.copyBytes(from: Self.prefix.utf8)
      checked.withBytes {
        SecretText.writeHexadecimal(
          $0, to: UnsafeMutableRawBufferPointer(rebasing: target[begin...]))
      }
    }
  }

  public var words: SecretValue {
    let checked = checked
    return SecretValue(count: 6 * Pronounceable.wordCount - 1) { target in
      checked.withBytes { Pronounceable.write($0, to: target) }
    }
  }

  public var recipient: Recipient { Recipient(publicKey: key.publicKey) }
}

/// The public half of a ``RecoveryKey``.
public struct Recipient: Sendable, Equatable, CustomStringConvertible {
  public let publicKey: [UInt8]

  private static let prefix = "kafclaw-recipient-"

  init(publicKey: [UInt8]) { self.publicKey = publicKey }

  /// - Throws: `tomb.invalid`.
  public init(_ text: String) throws {
    let digits = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : ""
    guard let bytes = Hexadecimal.decode(digits), bytes.count == RecipientKey.publicBytes + 2,
      Self.check(Array(bytes.dropLast(2))) == Array(bytes.suffix(2))
    else {
      throw ApplianceError(
        .tombInvalid, "\"\(VisibleText.escape(text))\" is not a recipient",
        hint: "kafclaw tomb new-recipient makes one")
    }
    publicKey = Array(bytes.dropLast(2))
  }

  private static func check(_ key: [UInt8]) -> [UInt8] {
    Array(SHA256.raw(Array(prefix.utf8) + key).prefix(2))
  }

  public var description: String {
    Self.prefix + Hexadecimal.encode(publicKey + Self.check(publicKey))
  }
}

/// Sixteen bits as five letters that can be spoken: "A Proposal for Proquints" (arXiv:0901.4016).
enum Pronounceable {
  private static let consonants = Array("bdfghjklmnprstvz".utf8)
  private static let vowels = Array("aiou".utf8)

  /// Words of a key with its check.
  static let wordCount = (SecretKey.count + 2) / 2

  /// Writes the words of an even number of bytes, a space between each two.
  static func write(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    for index in 0..<bytes.count / 2 {
      let number = UInt16(bytes[2 * index]) << 8 | UInt16(bytes[2 * index + 1])
      let start = 6 * index
      target[start] = consonants[Int(number >> 12)]
      target[start + 1] = vowels[Int(number >> 10 & 3)]
      target[start + 2] = consonants[Int(number >> 6 & 15)]
      target[start + 3] = vowels[Int(number >> 4 & 3)]
      target[start + 4] = consonants[Int(number & 15)]
      if start + 5 < target.count { target[start + 5] = UInt8(ascii: " ") }
    }
  }

  /// The bytes of words without anything between them; `nil` for what are none.
  static func bytes(_ letters: UnsafeRawBufferPointer) -> SecretValue? {
    guard letters.count.isMultiple(of: 5) else { return nil }
    var isSpelt = true
    let bytes = SecretValue(count: letters.count / 5 * 2) { target in
      for index in 0..<letters.count / 5 {
        var number: UInt16 = 0
        for place in 0..<5 {
          let alphabet = place.isMultiple(of: 2) ? consonants : vowels
          let value = alphabet.firstIndex(of: letters[5 * index + place])
          isSpelt = isSpelt && value != nil
          number = number << (alphabet.count == 4 ? 2 : 4) | UInt16(value ?? 0)
        }
        target[2 * index] = UInt8(number >> 8)
        target[2 * index + 1] = UInt8(number & 0xFF)
      }
    }
    return isSpelt ? bytes : nil
  }
}
