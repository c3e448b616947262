// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Daemon
import DurableIO
import Foundation
import SodiumCrypto

/// `custody.json` beside the evidence it speaks of.
enum CustodyFile {
  static let name = "custody.json"
  /// Bytes of one file of evidence that is hashed.
  private static let limit = 1 << 30

  /// Every file of a folder by its path inside, with its hash. Nothing but files and folders may be
  /// there.
  static func list(_ folder: String) throws -> [String: Digest] {
    var files: [String: Digest] = [:]
    var folders = [""]
    while let inside = folders.popLast() {
      let names = try PrivateFolder.names(in: folder + "/" + inside)
      for name in names.sorted() {
        let path = inside.isEmpty ? name : inside + "/" + name
        guard path != Self.name else { continue }
        // Of a link itself, not of what it names.
        let kind = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)[.type]
        switch kind as? FileAttributeType {
        case FileAttributeType.typeDirectory: folders.append(path)
        case FileAttributeType.typeRegular:
          files[path] = SHA256.digest(try DurableFile.read(folder + "/" + path, limit: limit))
        default: throw broken("\(VisibleText.escape(path)) is neither a file nor a folder")
        }
      }
    }
    return files
  }

  /// - Throws: `custody.broken` when it was not signed by who it names, or a file is another one.
  static func read(_ folder: String, signer: String?) throws -> SignedCustody {
    let bytes = try DurableFile.read(folder + "/" + name, limit: 16 << 20)
    let signed = try ApplianceJSON.decode(SignedCustody.self, from: bytes)
    try signed.verify()
    guard bytes == (try ApplianceJSON.encode(signed, pretty: true)) else {
      throw broken("\(name) has more in it than what was signed")
    }
    if let signer, signer.lowercased() != signed.signer {
      throw broken("it was signed by \(signed.signer)")
    }
    let found = try list(folder)
    for path in Set(found.keys).union(signed.record.files.keys).sorted()
    where found[path] != signed.record.files[path] {
      let what =
        found[path] == nil
        ? "is gone" : signed.record.files[path] == nil ? "came later" : "was changed"
      throw broken("\(VisibleText.escape(path)) \(what)")
    }
    return signed
  }

  private static func broken(_ what: String) -> ApplianceError {
    ApplianceError(
      .custodyBroken, "this is not what was kept: \(what)",
      hint: "compare with another copy of the evidence")
  }
}
