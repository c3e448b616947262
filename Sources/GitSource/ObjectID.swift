// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// The id of an object: 40 lower-case hexadecimal digits, nothing that would have to be looked up.
struct ObjectID: Hashable, CustomStringConvertible {
  let text: String

  /// - Throws: `source.refused` for anything but 40 lower-case hexadecimal digits.
  init(_ text: String) throws {
    guard let identifier = Self(digits: text.utf8) else {
      let shown = VisibleText.escape(String(text.prefix(80)))
      throw ApplianceError(.sourceRefused, "\"\(shown)\" is not an object id")
    }
    self = identifier
  }

  init?(digits: some Collection<UInt8>) {
    guard digits.count == 40,
      digits.allSatisfy({ byte in
        AddressBytes.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      })
    else { return nil }
    text = String(decoding: digits, as: UTF8.self)
  }

  /// - Parameter bytes: Twenty.
  init(bytes: some Sequence<UInt8>) {
    text = Hexadecimal.encode(bytes)
  }

  init(_ identifier: git_oid) {
    text = withUnsafeBytes(of: identifier) { Hexadecimal.encode($0) }
  }

  var raw: git_oid {
    var identifier = git_oid()
    // Cannot fail: `text` has 40 digits.
    _ = text.withCString { git_oid_fromstrn(&identifier, $0, 40) }
    return identifier
  }

  var description: String { text }
}
