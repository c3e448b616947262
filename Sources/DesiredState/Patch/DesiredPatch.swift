// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// A patch would not give the values it is for.
  public static let patchRefused = Self("desired.patch-refused")
}

/// Another value of one field of the desired state.
public struct DesiredChange: Sendable, Codable, Equatable {
  /// As in `gateway.auth.rotateAfter`.
  public let path: String
  public let value: JSONValue

  public init(_ path: String, _ value: JSONValue) {
    (self.path, self.value) = (path, value)
  }
}

/// Changes of the desired state, written into its files.
///
/// A scalar is replaced where it stands, and nothing else on its line changes. A field that is not
/// set comes into a fragment of its own, for all hosts.
public struct DesiredPatch: Sendable, Equatable {
  /// A change that no commit can make, or that somebody has to make by hand.
  public struct Left: Sendable, Codable, Equatable {
    public let path: String
    public let value: JSONValue
    public let reason: String
  }

  /// The files with the changes.
  public let tree: SourceTree
  /// The difference, as `git apply` takes it; empty where there is none.
  public let text: String
  /// What the difference changes.
  public let changes: [DesiredChange]
  public let left: [Left]
  /// What the files must load to.
  private let expected: ApplianceSpec

  /// - Parameters:
  ///   - tree: The files that `state` was loaded from.
  ///   - changes: Of two for the same field the first counts.
  ///   - folder: The folder of the repository that the files stand in; empty for its root.
  /// - Throws: `desired.patch-refused` for a field that there is not, or a value that is none of
  ///   its field.
  public init(
    of tree: SourceTree, _ state: LoadedState, changes: [DesiredChange], folder: String = ""
  ) throws {
    var draft = PatchDraft(of: tree, state)
    for change in changes { draft.add(change) }
    (self.changes, left) = (draft.changes, draft.left)
    expected = try Self.spec(state, draft.changes)
    self.tree = try draft.patchedTree()
    let parts = folder.split(separator: "/").filter { $0 != "." }
    text = UnifiedDiff.text(
      from: tree, to: self.tree, prefix: parts.map { "\($0)/" }.joined())
  }

  /// Compares what the patched files load to with what is wanted: the changes, and nothing else.
  ///
  /// - Throws: `desired.patch-refused`
  public func verify(_ outcome: LoadOutcome) throws {
    switch outcome {
    case .valid(let state):
      guard state.spec == expected else {
        throw Self.refused("the patched files would not load to the proposed values")
      }
    case .invalid(let issues):
      let issue = issues.first { $0.severity == .error }
      throw Self.refused(
        "the patched files would not be valid: \(issue.map(\.description) ?? "unknown")")
    }
  }

  private static func spec(_ state: LoadedState, _ changes: [DesiredChange]) throws -> ApplianceSpec
  {
    let effective = try changes.reduce(state.effective) { effective, change in
      guard let path = FieldPath(change.path),
        let next = path.setting(change.value, in: effective)
      else { throw refused("there is no field \(Quoted(change.path))") }
      return next
    }
    do {
      return try ApplianceSpec(effective: effective)
    } catch {
      throw refused("a proposed value does not fit: \(ApplianceError.of(error).message)")
    }
  }

  static func refused(_ message: String) -> ApplianceError {
    ApplianceError(.patchRefused, message, hint: "change the repository by hand")
  }
}
