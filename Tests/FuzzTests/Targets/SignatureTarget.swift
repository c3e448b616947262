// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation

@testable import Provenance

/// Signatures of SSH: armored, or as the bytes within, which this armors first so that every bit
/// of them can be changed on its own.
enum SignatureTarget: FuzzTarget {
  static let name = "signature"
  static let seeds = [SignedSeeds.signature, SignedSeeds.signatureBlob]
  static let words = [
    "SSHSIG", "ssh-ed25519", "ssh-rsa", "git", "file", "sha256", "sha512", "\0\0\0\u{1}",
    "\0\0\0\u{B}", "\0\0\0 ", "\0\0\0@", "\u{7F}\u{7F}\u{7F}\u{7F}", "\n", "=", "==",
    "-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----",
    "-----BEGIN PGP SIGNATURE-----",
  ]

  static func check(_ input: [UInt8]) -> String? {
    let isBlob = input.starts(with: Array("SSHSIG".utf8))
    let armored = isBlob ? armor(input) : input
    do {
      return consistency(of: try SSHSignature(armored: armored), armored)
    } catch let error as ApplianceError {
      let isKnown = error.code == .provenanceMalformed || error.code == .provenanceKeyType
      return isKnown ? nil : "refused with \(error)"
    } catch {
      return "refused with \(error)"
    }
  }

  private static func consistency(of signature: SSHSignature, _ armored: [UInt8]) -> String? {
    let again = armor(blob(of: signature))
    let withoutEnd = armored.last == 0x0A ? Array(armored.dropLast()) : armored
    guard again == withoutEnd else { return "its parts do not give the signature again" }
    let isGenuine = again == SignedSeeds.signature
    for namespace in ["git", "file", signature.namespace] {
      let verifies = signature.verifies(SignedSeeds.signedMessage, namespace: namespace)
      guard verifies == (isGenuine && namespace == "git") else {
        return "verifies for \"\(namespace)\": \(verifies)"
      }
    }
    return signature.verifies([], namespace: signature.namespace) ? "verifies nothing" : nil
  }

  /// The binary form (PROTOCOL.sshsig §2), written without the help of the reader.
  private static func blob(of signature: SSHSignature) -> [UInt8] {
    let inner = string(Array("ssh-ed25519".utf8)) + string(signature.signature)
    let key = string(Array("ssh-ed25519".utf8)) + string(signature.publicKey.bytes)
    return Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(key)
      + string(Array(signature.namespace.utf8)) + string([])
      + string(Array(signature.hashAlgorithm.rawValue.utf8)) + string(inner)
  }

  private static func string(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(clamping: bytes.count).bigEndian) { Array($0) } + bytes
  }

  /// Lines of 70 characters, no line feed behind the last.
  private static func armor(_ blob: [UInt8]) -> [UInt8] {
    let text = Array(Data(blob).base64EncodedString().utf8)
    let rows = stride(from: 0, to: text.count, by: 70).map { Array(text[$0...].prefix(70)) }
    let lines =
      [Array("-----BEGIN SSH SIGNATURE-----".utf8)] + rows
      + [Array("-----END SSH SIGNATURE-----".utf8)]
    return Array(lines.joined(separator: [0x0A]))
  }
}
