// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A branch's full reference name, from a name that somebody configured.
enum BranchName {
  /// `refs/heads/` and the name.
  ///
  /// - Throws: `git.missing` for what git would not take as the name of a branch
  ///   (git-check-ref-format(1)), a pattern, or a name that says `refs/` once more.
  static func reference(_ name: String) throws -> String {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPlain = name.unicodeScalars.allSatisfy { scalar in
      !VisibleText.isInvisible(scalar) && !" ~^:?*[\\".unicodeScalars.contains(scalar)
    }
    let hasParts = parts.allSatisfy { part in
      !part.isEmpty && part.first != UInt8(ascii: ".") && part.first != UInt8(ascii: "-")
        && part.last != UInt8(ascii: ".") && !part.reversed().starts(with: ".lock".utf8.reversed())
    }
    guard isPlain, hasParts, name.utf8.count <= 200, name != "@", name != "HEAD",
      !name.utf8.starts(with: "refs/".utf8), AddressText.cut(name, at: "..") == nil,
      AddressText.cut(name, at: "@{") == nil
    else {
      throw ApplianceError(
        .gitMissing, "\"\(VisibleText.escape(String(name.prefix(100))))\" is not a branch name",
        hint: "set source.branch in appliance.yaml")
    }
    return "refs/heads/" + name
  }
}
