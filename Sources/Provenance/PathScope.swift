// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The part of a repository that a signer may change.
struct PathScope {
  private let entries: [[UInt8]]

  /// - Parameter entries: `folder/` for everything below it, otherwise exactly one file. None at
  ///   all: everything. An entry that is neither (empty, absolute, with `..`) allows nothing.
  init(_ entries: [String]) {
    self.entries = entries.map { Array($0.utf8) }
  }

  /// The first of the paths that is outside.
  func firstOutside(_ paths: [String]) -> String? {
    entries.isEmpty ? nil : paths.first { !allows(Array($0.utf8)) }
  }

  /// Compares bytes, on whole components: Swift would take a slash with a combining accent for
  /// another character, and two spellings of an umlaut for the same name.
  private func allows(_ path: [UInt8]) -> Bool {
    guard Self.isPlain(path[...]) else { return false }
    return entries.contains { entry in
      entry.last == Self.slash
        ? Self.isPlain(entry.dropLast()) && path.starts(with: entry)
        : path == entry
    }
  }

  private static let slash = UInt8(ascii: "/")

  /// Whether every component is a name: a path with `..` would be somewhere else than it says.
  private static func isPlain(_ path: ArraySlice<UInt8>) -> Bool {
    path.split(separator: slash, omittingEmptySubsequences: false).allSatisfy { name in
      !name.isEmpty && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
    }
  }
}
