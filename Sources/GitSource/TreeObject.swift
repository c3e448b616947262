// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// The entries of one tree, read strictly: in git's order, no name twice, none with a slash.
struct TreeObject {
  struct Entry: Equatable {
    enum Kind: Equatable {
      case folder
      case file(isExecutable: Bool)
      /// A link, a submodule, or a mode that git would not write.
      case other
    }

    /// As it stands in the tree: a mode with a leading zero is another text.
    let mode: String
    let name: [UInt8]
    let id: ObjectID

    var kind: Kind {
      switch mode {
      case "40000": .folder
      case "100644": .file(isExecutable: false)
      case "100755": .file(isExecutable: true)
      default: .other
      }
    }

    /// The name as text; `nil` when it is not UTF-8.
    var text: String? { String(validating: name, as: UTF8.self) }

    /// The name as people may see it.
    var shown: String { VisibleText.escape(String(decoding: name, as: UTF8.self)) }
  }

  /// One tree. Bytes.
  static let limit = 16 << 20

  let entries: [Entry]

  /// - Parameter folder: What messages call it.
  init(_ identifier: ObjectID, folder: String, in repository: borrowing Repository) throws {
    let bytes = try repository.read(
      identifier, GIT_OBJECT_TREE, limit: Self.limit, as: "folder \"\(folder)\"")
    try self.init(bytes, folder: folder)
  }

  /// - Throws: `source.refused` for what git would not have written.
  init(_ bytes: [UInt8], folder: String) throws {
    var (rest, entries, names) = (bytes[...], [Entry](), Set<[UInt8]>())
    var last: [UInt8] = []
    while !rest.isEmpty {
      guard let entry = Self.take(from: &rest) else {
        throw ApplianceError(.sourceRefused, "folder \"\(folder)\" is malformed")
      }
      let place = folder.isEmpty ? entry.shown : "\(folder)/\(entry.shown)"
      guard names.insert(entry.name).inserted else {
        throw ApplianceError(.sourceRefused, "there are two entries \"\(place)\"")
      }
      let key = entry.name + (entry.kind == .folder ? [UInt8(ascii: "/")] : [])
      guard last.lexicographicallyPrecedes(key) else {
        throw ApplianceError(.sourceRefused, "\"\(place)\" is not in git's order")
      }
      guard !entry.name.contains(UInt8(ascii: "/")) else {
        throw ApplianceError(.sourceRefused, "\"\(place)\" has a slash in a name")
      }
      entries.append(entry)
      last = key
    }
    self.entries = entries
  }

  func entry(named name: some Collection<UInt8>) -> Entry? {
    entries.first { $0.name.elementsEqual(name) }
  }

  /// Takes octal digits, a space, a name, a NUL and twenty bytes.
  private static func take(from bytes: inout ArraySlice<UInt8>) -> Entry? {
    let mode = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    guard (1...7).contains(mode.count), bytes.dropFirst(mode.count).first == 0x20 else {
      return nil
    }
    let start = bytes.dropFirst(mode.count + 1)
    let name = start.prefix { $0 != 0 }
    let identifier = start.dropFirst(name.count + 1).prefix(20)
    guard !name.isEmpty, name.count <= 4_096, identifier.count == 20 else { return nil }
    bytes = start.dropFirst(name.count + 21)
    return Entry(
      mode: String(decoding: mode, as: UTF8.self), name: Array(name),
      id: ObjectID(bytes: identifier))
  }
}
