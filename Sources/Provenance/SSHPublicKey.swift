// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// An Ed25519 public key of SSH. Other kinds are not read: one algorithm, one length, no choices
/// for whoever makes a signature.
public struct SSHPublicKey: Sendable, Hashable {
  static let algorithm = "ssh-ed25519"

  /// The point, 32 bytes (RFC 8032 §5.1.2). Canonical, of the main subgroup.
  public let bytes: [UInt8]

  /// Reads the binary form (RFC 8709 §4).
  ///
  /// - Throws: `provenance.key-type` for another algorithm, `provenance.malformed` for another
  ///   length, bytes behind the key, or a point that is nobody's key.
  init(blob: [UInt8]) throws {
    var reader = WireReader(blob, subject: "the public key")
    let algorithm = try reader.string("algorithm")
    guard algorithm.elementsEqual(Self.algorithm.utf8) else {
      throw ApplianceError.keyType("keys of type \"\(Excerpt.of(algorithm))\" are not accepted")
    }
    let point = try reader.string("point")
    try reader.requireEnd()
    guard point.count == Ed25519.keyBytes else {
      throw ApplianceError.malformed("the public key has \(point.count) bytes instead of 32")
    }
    guard Ed25519.isKey(point) else {
      throw ApplianceError.malformed("the public key is a point that nobody can sign with")
    }
    bytes = point
  }

  /// Reads a line as in `id_ed25519.pub`: algorithm, Base64, and perhaps a comment.
  ///
  /// - Throws: `provenance.key-type` for another algorithm, `provenance.malformed` for any other
  ///   difference; options before the key are one.
  public init(authorizedKey text: String) throws {
    let line = Self.trimmed(text)
    guard !line.contains(where: { $0 < 0x20 && $0 != UInt8(ascii: "\t") || $0 == 0x7F }) else {
      throw ApplianceError.malformed("the public key is not one line of text")
    }
    let words = line.split(maxSplits: 2, whereSeparator: Self.isBlank)
    guard let algorithm = words.first, words.count >= 2 else {
      throw ApplianceError(
        .provenanceMalformed, "the public key is not \"ssh-ed25519 BASE64 COMMENT\"",
        hint: "copy the line from ~/.ssh/id_ed25519.pub")
    }
    guard algorithm.elementsEqual(Self.algorithm.utf8) else {
      throw ApplianceError.keyType("keys of type \"\(Excerpt.of(algorithm))\" are not accepted")
    }
    guard let blob = StrictBase64.decode(words[1]) else {
      throw ApplianceError.malformed("the public key is not Base64: \"\(Excerpt.of(words[1]))\"")
    }
    try self.init(blob: blob)
  }

  /// The binary form, as it stands in signatures.
  var blob: [UInt8] { WireForm.string(Self.algorithm.utf8) + WireForm.string(bytes) }

  /// `SHA256:` and Base64 without padding, as `ssh-keygen -l` prints it.
  public var fingerprint: String {
    let digest = StrictBase64.encode(SHA256.raw(blob))
    return "SHA256:" + String(decoding: digest.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  /// The one text of this key: algorithm and Base64, no comment.
  public var text: String {
    Self.algorithm + " " + String(decoding: StrictBase64.encode(blob), as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// Without blanks and line ends around it.
  private static func trimmed(_ text: String) -> ArraySlice<UInt8> {
    var line = Array(text.utf8)[...]
    let isOuter = { (byte: UInt8) in isBlank(byte) || byte == 0x0A || byte == 0x0D }
    line = line.drop(while: isOuter)
    while let last = line.last, isOuter(last) { line = line.dropLast() }
    return line
  }
}

/// Coded as ``text``.
extension SSHPublicKey: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(authorizedKey: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension SSHPublicKey: CustomStringConvertible {
  public var description: String { text }
}
