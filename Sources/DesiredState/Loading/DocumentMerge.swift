// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Combines the documents of one desired state.
///
/// Mappings merge key by key. Two fragments must not set the same value (neither could win
/// visibly); an overlay replaces values and whole lists.
struct DocumentMerge {
  enum Mode {
    /// `kafclaw.d/*.yaml`: may add, must not change.
    case fragment
    /// `hosts/NAME.yaml` and the environment: may change.
    case overlay
  }

  private(set) var issues: [ValidationIssue] = []

  /// Merges mappings into a mapping, in their order. All at once: the cost is that of their sizes,
  /// however many there are.
  mutating func merge(
    _ additions: [DocumentNode], over base: DocumentNode, mode: Mode, path: SpecPath = .root
  ) -> DocumentNode {
    guard case .mapping(var entries) = base.content else { return additions.last ?? base }
    var positions = Dictionary(
      entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    var inner: [Int: [DocumentNode]] = [:]
    for case .mapping(let added) in additions.map(\.content) {
      for entry in added {
        guard let position = positions[entry.key] else {
          positions[entry.key] = entries.count
          entries.append(entry)
          continue
        }
        if entry.value.isMapping && entries[position].value.isMapping {
          inner[position, default: []].append(entry.value)
        } else {
          entries[position] = merge(
            entry, over: entries[position], mode: mode, path: path.field(Self.shown(entry.key)))
        }
      }
    }
    for (position, additions) in inner.sorted(by: { $0.key < $1.key }) {
      entries[position].value = merge(
        additions, over: entries[position].value, mode: mode,
        path: path.field(Self.shown(entries[position].key)))
    }
    return DocumentNode(.mapping(entries), origin: base.origin)
  }

  /// Of values that are not both mappings. One that is replaced comes from its replacement, key
  /// and all.
  private mutating func merge(
    _ addition: DocumentNode.Entry, over base: DocumentNode.Entry, mode: Mode, path: SpecPath
  ) -> DocumentNode.Entry {
    if mode == .fragment {
      report(
        addition.value.origin, path, "fragment-conflict", "already set at \(base.value.origin)",
        "a fragment may add values; use hosts/NAME.yaml to change them for one host")
      return base
    }
    if addition.value.isMapping != base.value.isMapping {
      report(
        addition.value.origin, path, "type",
        "is \(addition.value.kindName), but \(base.value.kindName) is set at \(base.value.origin)",
        "give both the same form")
    }
    return addition
  }

  /// The key in a path. Keys are not checked yet: what is no name of ours is quoted.
  private static func shown(_ key: String) -> String {
    let isName = key.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    let isPlain = isName && key.utf8.count <= 63 && !SecretPattern.matches(key)
    return isPlain ? key : Quoted(key).description
  }

  private mutating func report(
    _ origin: Origin, _ path: SpecPath, _ rule: String, _ message: String, _ hint: String
  ) {
    issues.append(
      ValidationIssue(origin: origin, path: path.text, rule: rule, message: message, hint: hint))
  }
}
