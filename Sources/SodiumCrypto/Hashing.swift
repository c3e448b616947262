// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium

/// SHA-256, the digest of everything public.
public enum SHA256 {
  public static func digest(_ bytes: [UInt8]) -> Digest {
    Digest(sha256: HashValue(of: bytes).bytes)
  }

  /// The digest of a value's canonical JSON (RFC 8785).
  public static func digest(_ value: JSONValue) -> Digest {
    digest(CanonicalJSON.bytes(value))
  }
}

/// A keyed BLAKE2b-256 hash of a secret: comparable, but useless without the key.
public struct KeyedHash: Sendable, Hashable {
  public let bytes: [UInt8]

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  public init(of secret: SecretValue, key: HashKey) {
    self.init(bytes: secret.withBytes { Self.hash($0, key: key) })
  }

  /// Compares in constant time.
  public func matches(_ presented: [UInt8], key: HashKey) -> Bool {
    let other = presented.withUnsafeBytes { Self.hash($0, key: key) }
    guard bytes.count == other.count else { return false }
    return sodium_memcmp(bytes, other, bytes.count) == 0
  }

  private static func hash(_ input: UnsafeRawBufferPointer, key: HashKey) -> [UInt8] {
    Sodium.require()
    var hash = [UInt8](repeating: 0, count: Int(crypto_generichash_BYTES))
    let bytes = input.bindMemory(to: UInt8.self)
    crypto_generichash(
      &hash, hash.count, bytes.baseAddress, UInt64(bytes.count), key.bytes, key.bytes.count)
    return hash
  }
}

extension KeyedHash: Codable {
  public init(from decoder: any Decoder) throws {
    bytes = try HexadecimalText.bytes(from: decoder, count: Int(crypto_generichash_BYTES))
  }

  public func encode(to encoder: any Encoder) throws {
    try HexadecimalText.encode(bytes, to: encoder)
  }
}

/// The key of ``KeyedHash``es: 32 random bytes.
public struct HashKey: Sendable, Hashable {
  let bytes: [UInt8]

  public static func random() -> HashKey {
    HashKey(bytes: SecureRandom.bytes(Int(crypto_generichash_KEYBYTES)))
  }
}

extension HashKey: Codable {
  public init(from decoder: any Decoder) throws {
    bytes = try HexadecimalText.bytes(from: decoder, count: Int(crypto_generichash_KEYBYTES))
  }

  public func encode(to encoder: any Encoder) throws {
    try HexadecimalText.encode(bytes, to: encoder)
  }
}

/// Bytes of a fixed length as one text.
private enum HexadecimalText {
  static func bytes(from decoder: any Decoder, count: Int) throws -> [UInt8] {
    let container = try decoder.singleValueContainer()
    guard let bytes = Hexadecimal.decode(try container.decode(String.self)), bytes.count == count
    else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not \(count) bytes in hexadecimal digits")
    }
    return bytes
  }

  static func encode(_ bytes: [UInt8], to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Hexadecimal.encode(bytes))
  }
}

extension HashKey: CustomStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
