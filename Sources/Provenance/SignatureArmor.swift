// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The text form of an SSH signature (PROTOCOL.sshsig §1), in the one layout that `ssh-keygen`
/// writes.
///
/// OpenSSH itself reads on over text behind the block and takes any line length. Here each
/// signature has one text, so that nobody can make a second commit id out of a signed commit.
enum SignatureArmor {
  static let first = "-----BEGIN SSH SIGNATURE-----"
  static let last = "-----END SSH SIGNATURE-----"
  /// Characters of Base64 in a line.
  static let width = 70
  /// The longest armor that is read. Bytes.
  static let limit = 16 << 10

  /// First lines of all signatures that git knows.
  static let markers = [
    first, "-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP MESSAGE-----",
    "-----BEGIN SIGNED MESSAGE-----",
  ]

  /// The binary signature.
  ///
  /// - Throws: `provenance.key-type` for a signature of OpenPGP or X.509, `provenance.malformed`
  ///   for anything but one block.
  static func decode(_ armored: [UInt8]) throws -> [UInt8] {
    guard armored.count <= limit else {
      throw ApplianceError.malformed("the signature has \(armored.count) bytes; \(limit) are read")
    }
    if let marker = markers.dropFirst().first(where: { armored.starts(with: $0.utf8) }) {
      throw ApplianceError(
        .provenanceKeyType, "\"\(marker)\" begins a signature that is not of SSH",
        hint: KeyHint.signWithSSH)
    }
    let (head, tail) = (Array((first + "\n").utf8), Array(("\n" + last).utf8))
    let text = armored.last == UInt8(ascii: "\n") ? armored.dropLast() : armored[...]
    guard text.starts(with: head) else {
      throw ApplianceError.malformed("the signature does not begin with the line \"\(first)\"")
    }
    let content = text.dropFirst(head.count)
    guard content.count >= tail.count, content.suffix(tail.count).elementsEqual(tail) else {
      throw ApplianceError.malformed("the signature does not end with the line \"\(last)\"")
    }
    let lines = content.dropLast(tail.count)
    guard let blob = StrictBase64.decode(lines.filter { $0 != UInt8(ascii: "\n") }) else {
      throw ApplianceError.malformed("the signature is not one block of Base64")
    }
    guard encode(blob).elementsEqual(text) else {
      throw ApplianceError.malformed(
        "the signature is not laid out as ssh-keygen does: lines of \(width) characters")
    }
    return blob
  }

  /// The text without a line end behind it.
  static func encode(_ blob: [UInt8]) -> [UInt8] {
    var rest = StrictBase64.encode(blob)[...]
    var text = Array((first + "\n").utf8)
    while !rest.isEmpty {
      text += rest.prefix(width)
      text.append(UInt8(ascii: "\n"))
      rest = rest.dropFirst(width)
    }
    return text + Array(last.utf8)
  }
}
