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

  mutating func merge(
    _ addition: DocumentNode, over base: DocumentNode, mode: Mode, path: SpecPath = .root
  ) -> DocumentNode {
    guard case .mapping(var entries) = base.content, case .mapping(let added) = addition.content
    else { return addition }
    var positions = Dictionary(
      entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    for entry in added {
      if let position = positions[entry.key] {
        entries[position] = merge(
          entry, over: entries[position], mode: mode, path: path.field(entry.key))
      } else {
        positions[entry.key] = entries.count
        entries.append(entry)
      }
    }
    return DocumentNode(.mapping(entries), origin: base.origin)
  }

  /// A value that is replaced comes from its replacement, key and all.
  private mutating func merge(
    _ addition: DocumentNode.Entry, over base: DocumentNode.Entry, mode: Mode, path: SpecPath
  ) -> DocumentNode.Entry {
    if addition.value.isMapping && base.value.isMapping {
      var merged = base
      merged.value = merge(addition.value, over: base.value, mode: mode, path: path)
      return merged
    }
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

  private mutating func report(
    _ origin: Origin, _ path: SpecPath, _ rule: String, _ message: String, _ hint: String
  ) {
    issues.append(
      ValidationIssue(origin: origin, path: path.text, rule: rule, message: message, hint: hint))
  }
}
