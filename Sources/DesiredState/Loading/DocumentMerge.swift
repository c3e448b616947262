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
    else { return replace(base, by: addition, mode: mode, path: path) }
    var positions = Dictionary(
      entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    for entry in added {
      if let position = positions[entry.key] {
        entries[position].value = merge(
          entry.value, over: entries[position].value, mode: mode, path: path.field(entry.key))
      } else {
        positions[entry.key] = entries.count
        entries.append(entry)
      }
    }
    return DocumentNode(.mapping(entries), origin: base.origin)
  }

  private mutating func replace(
    _ base: DocumentNode, by addition: DocumentNode, mode: Mode, path: SpecPath
  ) -> DocumentNode {
    guard mode == .fragment else { return addition }
    issues.append(
      ValidationIssue(
        origin: addition.origin, path: path.text, rule: "fragment-conflict",
        message: "already set at \(base.origin)",
        hint: "a fragment may add values; use hosts/NAME.yaml to change them for one host"))
    return base
  }
}
