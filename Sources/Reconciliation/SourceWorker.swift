// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import GitSource

/// What the supervisor wants to know of a desired state. Answered in the `source` process.
public struct SourceRequest: Sendable, Codable {
  public enum Place: Sendable, Codable {
    /// Fetch the branch into the clone, then read its tip.
    case remote(repository: String, branch: String, folder: String, clone: String)
    /// Read the tip of a branch where it is; nothing is written.
    case repository(path: String, branch: String, folder: String)
    /// Files that the caller has read already.
    case tree(SourceTree)
  }

  public let place: Place
  public let host: String?
  public let overrides: EnvironmentOverrides

  public init(_ place: Place, host: String?, overrides: EnvironmentOverrides) {
    self.place = place
    self.host = host
    self.overrides = overrides
  }
}

/// A desired state with the commit it stands in.
public struct SourceReply: Sendable, Codable {
  /// `nil` for a folder.
  public let revision: GitRevision?
  public let outcome: LoadOutcome

  public init(revision: GitRevision?, outcome: LoadOutcome) {
    self.revision = revision
    self.outcome = outcome
  }
}

/// Fetches, reads and checks a desired state: everything that touches bytes nobody has vouched for.
public enum SourceWorker {
  /// Blocking.
  public static func answer(_ request: SourceRequest) throws -> SourceReply {
    let loader = DesiredStateLoader(host: request.host, overrides: request.overrides)
    switch request.place {
    case .tree(let tree): return SourceReply(revision: nil, outcome: loader.load(tree))
    case .repository(let path, let branch, let folder):
      return try read(path, branch, folder, loader)
    case .remote(let repository, let branch, let folder, let clone):
      do {
        try GitReader.fetch(repository, branch: branch, into: clone)
        return try read(clone, branch, folder, loader)
      } catch let error as ApplianceError where error.code != .sourceRefused {
        // The clone is a copy: a damaged one is made anew, once.
        guard try GitReader.setAside(clone) else { throw error }
        try GitReader.fetch(repository, branch: branch, into: clone)
        return try read(clone, branch, folder, loader)
      }
    }
  }

  private static func read(
    _ path: String, _ branch: String, _ folder: String, _ loader: DesiredStateLoader
  ) throws -> SourceReply {
    let snapshot = try GitReader.snapshot(
      of: path, branch: branch, folder: folder, entries: DesiredStateLoader.entries)
    return SourceReply(revision: snapshot.revision, outcome: loader.load(snapshot.tree))
  }
}
