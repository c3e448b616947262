// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// A JSON text with an Ed25519 signature over its exact bytes: the text, a line feed, 128 hexadecimal
/// digits, a line feed.
enum SignedRecord {
  private static let digits = 2 * Ed25519.signatureBytes

  static func bytes(_ record: some Encodable, kind: String, key: SigningKey) throws -> [UInt8] {
    let text = try ApplianceJSON.encode(record)
    let signature = key.sign(message(text, kind))
    return text + [newline] + Array(Hexadecimal.encode(signature).utf8) + [newline]
  }

  /// - Throws: `backup.damaged` unless the signer signed exactly these bytes as this kind.
  static func read<Record: Decodable>(
    _ type: Record.Type, _ bytes: [UInt8], kind: String, signer: [UInt8]
  ) throws -> Record {
    let end = bytes.count - digits - 2
    guard end > 0, bytes[end] == newline, bytes.last == newline,
      let signature = Hexadecimal.decode(
        String(decoding: bytes[(end + 1)..<(bytes.count - 1)], as: UTF8.self))
    else { throw damaged(kind, "has no signature") }
    let text = Array(bytes[..<end])
    guard Ed25519.verifies(signature: signature, of: message(text, kind), key: signer) else {
      throw damaged(kind, "was not signed by the repository's writer")
    }
    do {
      return try ApplianceJSON.decode(type, from: text, limit: RepositoryFormat.recordLimit)
    } catch {
      throw damaged(kind, "cannot be read")
    }
  }

  private static let newline = UInt8(ascii: "\n")

  private static func message(_ text: [UInt8], _ kind: String) -> [UInt8] {
    Array("kafclaw-backup/\(RepositoryFormat.version)/\(kind)\n".utf8) + text
  }

  private static func damaged(_ kind: String, _ words: String) -> ApplianceError {
    ApplianceError(.backupDamaged, "a \(kind) \(words)")
  }
}
