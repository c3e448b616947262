// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Finds for each change its place in the files.
struct PatchDraft {
  private struct Replacement {
    /// Bytes of the file.
    let range: Range<Int>
    let text: String
  }

  private enum Place {
    case replaces(Replacement, file: String)
    case adds(JSONValue)
    case nowhere(String)
  }

  private let tree: SourceTree
  private let state: LoadedState
  private(set) var changes: [DesiredChange] = []
  private(set) var left: [DesiredPatch.Left] = []
  private var replacements: [String: [Replacement]] = [:]
  /// What comes into the new fragment.
  private var addition: JSONValue = [:]

  init(of tree: SourceTree, _ state: LoadedState) {
    (self.tree, self.state) = (tree, state)
  }

  mutating func add(_ change: DesiredChange) {
    switch place(of: change) {
    case .replaces(let replacement, let file): replacements[file, default: []].append(replacement)
    case .adds(let document): addition = document
    case .nowhere(let reason):
      return left.append(.init(path: change.path, value: change.value, reason: reason))
    }
    changes.append(change)
  }

  /// - Throws: `desired.patch-refused` when no name is left for a fragment.
  func patchedTree() throws -> SourceTree {
    var patched = tree
    for (name, replacements) in replacements {
      guard let file = tree.files[name] else { continue }
      var bytes = file.bytes
      for replacement in replacements.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
        bytes.replaceSubrange(replacement.range, with: replacement.text.utf8)
      }
      patched.files[name] = SourceTree.File(bytes: bytes, isExecutable: file.isExecutable)
    }
    guard case .object(let members) = addition, !members.isEmpty else { return patched }
    patched.files[try fragmentName()] = SourceTree.File(bytes: Array(YAMLText.block(members).utf8))
    return patched
  }

  private func fragmentName() throws -> String {
    let taken = Set(tree.files.keys.map(SourceName.folded))
    let names = (90...999).lazy.map { "kafclaw.d/\($0)-proposed.yaml" }
    guard let name = names.first(where: { !taken.contains($0) }) else {
      throw DesiredPatch.refused("all names for a new fragment in kafclaw.d are taken")
    }
    return name
  }
}

extension PatchDraft {
  private func place(of change: DesiredChange) -> Place {
    guard let path = FieldPath(change.path) else { return .nowhere("is not the path of a field") }
    if let other = changes.first(where: { $0.path == change.path }) {
      return .nowhere("another proposal sets it to \(CanonicalJSON.text(other.value))")
    }
    let origin = state.provenance[change.path] ?? .builtIn
    if path.value(in: state.effective) == change.value {
      return .nowhere("is so already (\(origin))")
    }
    return switch origin {
    case .environment(let name): .nowhere("is set by environment variable \(name), not by a file")
    case .builtIn: addition(of: change, path)
    case .file(let file, _, _): replacement(of: change, path, origin, file)
    }
  }

  private func addition(of change: DesiredChange, _ path: FieldPath) -> Place {
    guard !path.entersList else {
      return .nowhere("is not set, and a fragment cannot reach into a list")
    }
    guard change.value != .null else { return .nowhere("there is no value to write") }
    guard path.value(in: addition) == nil,
      let document = path.setting(change.value, in: addition)
    else { return .nowhere("another proposal sets what it is a part of") }
    return .adds(document)
  }

  private func replacement(
    of change: DesiredChange, _ path: FieldPath, _ origin: Origin, _ name: String
  ) -> Place {
    guard let bytes = tree.files[name]?.bytes,
      let document = YAMLDocumentReader.readPlaces(of: bytes, file: name),
      let (node, found) = path.node(in: document.node), found == origin
    else { return .nowhere("does not stand at \(origin)") }
    guard let scalar = document.scalars[node.origin], case .scalar = node.content else {
      return .nowhere("is \(node.kindName) at \(origin), not a single value")
    }
    guard let text = YAMLText.scalar(change.value, like: scalar.style) else {
      return .nowhere(
        scalar.style == .block
          ? "is a block of text at \(origin)" : "is a single value at \(origin); this is none")
    }
    guard let range = scalar.range(in: bytes) else {
      return .nowhere("does not stand at \(origin)")
    }
    return .replaces(Replacement(range: range, text: text), file: name)
  }
}
