// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium

/// An X25519 key pair (RFC 7748): anybody seals to the public half, the private half opens.
public struct RecipientKey: Sendable {
  public let publicKey: [UInt8]
  public let privateKey: SecretKey

  /// Length of a public key. Bytes.
  public static let publicBytes = Int(crypto_box_PUBLICKEYBYTES)

  public static func random() throws -> RecipientKey { try RecipientKey(.random()) }

  /// The pair of a private key.
  public init(_ privateKey: SecretKey) throws {
    var derived = [UInt8](repeating: 0, count: Self.publicBytes)
    let isPoint = privateKey.withPointer { crypto_scalarmult_base(&derived, $0) == 0 }
    guard isPoint else { throw ApplianceError.malformedCiphertext("a private key") }
    publicKey = derived
    self.privateKey = privateKey
  }

  /// What sealing adds. Bytes.
  public static let overhead = Int(crypto_box_PUBLICKEYBYTES + crypto_box_MACBYTES)

  /// Seals a key to a recipient (libsodium, "Sealed boxes"), without a hint at the sender.
  ///
  /// - Throws: `crypto.malformed` for a public key nobody can hold.
  public static func seal(_ key: SecretKey, to recipient: [UInt8]) throws -> [UInt8] {
    Sodium.require()
    guard recipient.count == publicBytes else {
      throw ApplianceError.malformedCiphertext("a public key")
    }
    var sealed = [UInt8](repeating: 0, count: SecretKey.count + overhead)
    let isSealed = key.withPointer {
      crypto_box_seal(&sealed, $0, UInt64(SecretKey.count), recipient) == 0
    }
    guard isSealed else { throw ApplianceError.malformedCiphertext("a public key") }
    return sealed
  }

  /// - Throws: `crypto.not-authentic`, `crypto.malformed`, `crypto.memory`.
  public func open(_ sealed: [UInt8]) throws -> SecretKey {
    guard sealed.count == SecretKey.count + Self.overhead else {
      throw ApplianceError.malformedCiphertext("a sealed key")
    }
    return try SecretKey { target in
      let isOurs = privateKey.withPointer { key in
        crypto_box_seal_open(target, sealed, UInt64(sealed.count), publicKey, key) == 0
      }
      guard isOurs else {
        throw ApplianceError(.notAuthentic, "the key was changed, or sealed to somebody else")
      }
    }
  }
}

/// A key from a passphrase: Argon2id (RFC 9106; libsodium, "The pwhash API").
public struct PassphraseParameters: Sendable, Equatable {
  /// Passes over the memory.
  public let operations: UInt64
  /// Memory. Bytes.
  public let memory: UInt64
  public let salt: [UInt8]

  public static let saltBytes = Int(crypto_pwhash_SALTBYTES)

  /// libsodium's MODERATE: 3 passes over 256 MiB, about half a second.
  public static func fresh() -> PassphraseParameters {
    PassphraseParameters(
      operations: UInt64(crypto_pwhash_OPSLIMIT_MODERATE),
      memory: UInt64(crypto_pwhash_MEMLIMIT_MODERATE), salt: SecureRandom.bytes(saltBytes))
  }

  public init(operations: UInt64, memory: UInt64, salt: [UInt8]) {
    (self.operations, self.memory, self.salt) = (operations, memory, salt)
  }

  /// Parameters a file may ask for: neither so weak that guessing is cheap nor so large that
  /// reading the file is an attack. Weak ones are as of libsodium's INTERACTIVE.
  public var isAcceptable: Bool {
    (2...16).contains(operations) && (64 << 20...1 << 30).contains(memory)
      && salt.count == Self.saltBytes
  }

  /// - Throws: `crypto.malformed` for parameters that are not acceptable, `crypto.memory`.
  public func key(_ passphrase: SecretValue) throws -> SecretKey {
    guard isAcceptable else { throw ApplianceError.malformedCiphertext("a set of parameters") }
    return try SecretKey { target in
      let isMade = passphrase.withBytes { words in
        words.withMemoryRebound(to: CChar.self) { words in
          guard let start = words.baseAddress else { return false }
          return crypto_pwhash(
            target, UInt64(SecretKey.count), start, UInt64(words.count), salt, operations,
            Int(memory), crypto_pwhash_ALG_ARGON2ID13) == 0
        }
      }
      guard isMade else {
        throw ApplianceError(
          .noSecureMemory, "there are no \(memory >> 20) MiB of memory for the passphrase",
          hint: "free memory and try again")
      }
    }
  }
}
