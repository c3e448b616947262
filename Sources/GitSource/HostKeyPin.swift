// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2
import Foundation

/// A host key that an ssh server may present.
enum HostKeyPin: Equatable {
  /// SHA-256 of the key.
  case fingerprint([UInt8])
  /// The public key itself, in the form of RFC 4253, 6.6.
  case key([UInt8])

  /// Reads `SHA256:` with unpadded Base64, or the type and the Base64 of a public key; a comment
  /// after it is ignored.
  ///
  /// - Throws: `git.host-key`.
  init(_ text: String) throws {
    let words = text.split(separator: " ", maxSplits: 2)
    if let word = words.first, words.count == 1, word.hasPrefix("SHA256:") {
      let digits = word.dropFirst("SHA256:".count)
      guard digits.utf8.count == 43, let hash = Data(base64Encoded: digits + "="), hash.count == 32
      else {
        throw Self.refused(text, "is not the SHA-256 of a key")
      }
      self = .fingerprint([UInt8](hash))
      return
    }
    guard words.count >= 2, let blob = Data(base64Encoded: String(words[1])),
      let type = PresentedHostKey.type(of: blob), type == words[0]
    else { throw Self.refused(text, "is neither a SHA256: fingerprint nor a public key") }
    self = .key([UInt8](blob))
  }

  func matches(_ key: PresentedHostKey) -> Bool {
    switch self {
    case .fingerprint(let hash): key.sha256 == hash
    case .key(let blob): key.blob == blob
    }
  }

  private static func refused(_ text: String, _ why: String) -> ApplianceError {
    let shown = VisibleText.escape(String(text.prefix(100)))
    return ApplianceError(
      .gitHostKey, "host key \"\(shown)\" \(why)",
      hint: "ssh-keyscan HOST | ssh-keygen -lf - prints fingerprints")
  }
}

/// The host key of a server at the other end.
struct PresentedHostKey {
  /// The public key; `nil` when libgit2 has none to show.
  let blob: [UInt8]?
  let sha256: [UInt8]?

  init(_ certificate: git_cert_hostkey) {
    func has(_ field: git_cert_ssh_t) -> Bool { certificate.type.rawValue & field.rawValue != 0 }
    if has(GIT_CERT_SSH_RAW), let start = certificate.hostkey {
      blob = [UInt8](UnsafeRawBufferPointer(start: start, count: certificate.hostkey_len))
    } else {
      blob = nil
    }
    sha256 =
      has(GIT_CERT_SSH_SHA256) ? withUnsafeBytes(of: certificate.hash_sha256) { Array($0) } : nil
  }

  /// As `ssh-keygen -l` shows it: the type and the fingerprint.
  var description: String {
    let type = blob.flatMap { Self.type(of: Data($0)) } ?? "unknown"
    let hash = sha256.map { Data($0).base64EncodedString().prefix { $0 != "=" } } ?? "unknown"
    return "\(type) SHA256:\(hash)"
  }

  /// The name that a public key begins with, after its length.
  static func type(of blob: Data) -> String? {
    let bytes = [UInt8](blob)
    guard bytes.count > 4, bytes[0] == 0, bytes[1] == 0, bytes[2] == 0 else { return nil }
    let name = bytes.dropFirst(4).prefix(Int(bytes[3]))
    guard name.count == Int(bytes[3]), !name.isEmpty,
      name.allSatisfy({ AddressBytes.isName($0) || $0 == UInt8(ascii: "@") })
    else { return nil }
    return String(decoding: name, as: UTF8.self)
  }
}
