// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

/// Public keys in a file: lines as in `id_ed25519.pub`, or as in an allowed-signers file
/// (ssh-keygen(1), ALLOWED SIGNERS).
enum SignersFile {
  struct Signer: Equatable {
    let name: String
    /// Type, base64, and comment.
    let key: String
  }

  private static let type = "ssh-ed25519"

  /// - Throws: `setup.incomplete` for a file without such a key, or with another line.
  static func read(_ path: String) throws -> [Signer] {
    let text = String(decoding: try DurableFile.read(path, limit: 1 << 20), as: UTF8.self)
    var signers: [Signer] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
        .map { String($0) }
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      guard let at = words.firstIndex(of: type), at + 1 < words.count,
        at == 0 || (at == 1 && isPrincipal(first))
      else {
        throw ApplianceError(
          .setupIncomplete, "\(path):\(index + 1): this is not a name and an Ed25519 key",
          hint: "ssh-keygen -t ed25519 makes a key; options such as valid-before are fields of "
            + "`signers` in appliance.yaml: docs/signing.md")
      }
      let comment = words.dropFirst(at + 2).joined(separator: " ")
      let wanted = at > 0 ? first : comment
      signers.append(
        Signer(
          name: unused(name(wanted), signers), key: words[at...].joined(separator: " ")))
    }
    guard !signers.isEmpty else {
      throw ApplianceError(.setupIncomplete, "\"\(path)\" names no signer")
    }
    return signers
  }

  /// Whether a word names somebody, and is no option of a key.
  private static func isPrincipal(_ word: String) -> Bool {
    !word.contains("=") && word != "cert-authority"
  }

  /// What stands before an `@`, of letters, digits and dashes.
  private static func name(_ text: String) -> String {
    let user = text.prefix { $0 != "@" && $0 != "," }.lowercased()
    let kept = user.unicodeScalars.map { scalar -> Character in
      let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
      return isPlain ? Character(scalar) : "-"
    }
    let name = String(kept).split(separator: "-").joined(separator: "-")
    return name.isEmpty ? "signer" : name
  }

  private static func unused(_ name: String, _ signers: [Signer]) -> String {
    guard signers.contains(where: { $0.name == name }) else { return name }
    for number in 2... where !signers.contains(where: { $0.name == "\(name)-\(number)" }) {
      return "\(name)-\(number)"
    }
    return name
  }
}
