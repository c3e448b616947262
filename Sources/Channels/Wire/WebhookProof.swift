// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// What the proofs of several platforms have in common.
enum WebhookProof {
  /// How far a signed time may be from now, on either side. Seconds.
  static let window = 300.0

  /// The seconds since 1970 that a header says: digits alone.
  static func time(_ text: String) -> Double? {
    guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Double(text)
  }

  static func requireNow(_ time: Double, _ now: Date) throws(ChannelRefusal) {
    guard abs(now.timeIntervalSince1970 - time) <= window else { throw .stale }
  }

  /// The 32 bytes after a word, in hexadecimal digits.
  static func hexadecimal(_ text: String, after word: String) -> [UInt8]? {
    guard text.hasPrefix(word),
      let bytes = Hexadecimal.decode(String(text.dropFirst(word.utf8.count))),
      bytes.count == AuthenticationCode.count
    else { return nil }
    return bytes
  }

  /// The JSON of a request that was proven to be its platform's.
  static func decode<Body: Decodable>(
    _ type: Body.Type, _ bytes: [UInt8]
  ) throws(ChannelRefusal) -> Body {
    do { return try ApplianceJSON.decode(type, from: ForeignJSON.shallow(bytes)) } catch {
      throw .malformed
    }
  }

  /// A text as a message may hold it; `nil` for one that holds nothing.
  static func text(_ text: String?) -> String? {
    guard let text else { return nil }
    let clean = text.replacingBytes("\0", with: "\u{FFFD}")
    guard clean.contains(where: { !$0.isWhitespace }) else { return nil }
    guard clean.utf8.count > InboundMessage.textLimit else { return clean }
    // Cut between signs, and said so.
    var (kept, size) = ("", 0)
    let mark = "\n[cut: the message is longer than \(InboundMessage.textLimit) bytes]"
    for sign in clean {
      size += sign.utf8.count
      guard size + mark.utf8.count <= InboundMessage.textLimit else { break }
      kept.append(sign)
    }
    return kept + mark
  }

  /// An id of a platform: visible signs of ASCII.
  static func isID(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
