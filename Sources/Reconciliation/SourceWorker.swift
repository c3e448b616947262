// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import GitSource

extension ApplianceError.Code {
  /// There is no clone yet to read from.
  static let gitNotFetched = Self("git.not-fetched")
}

/// Fetches, reads and checks a desired state: everything that touches bytes nobody has vouched for.
public enum SourceWorker {
  /// Blocking.
  public static func answer(_ request: SourceRequest) throws -> SourceReply {
    switch request.place {
    case .tree(let tree):
      return SourceReply(revision: nil, outcome: loader(request).load(tree).reviewed)
    case .repository(let path, let branch, let folder):
      let clone = try GitClone(lookingAt: path)
      return try read(clone, try clone.tip(of: branch), branch, folder, request)
    case .clone(let path, let branch, let folder):
      let clone = try open(path)
      return try read(clone, try clone.candidate(), branch, folder, request)
    case .remote(let repository, let access, let branch, let folder, let path):
      do {
        return try fetch(repository, access, branch, folder, path, request)
      } catch let error as ApplianceError where error.code == .gitDamaged {
        // The clone is a copy: a damaged one is made anew, once.
        guard try GitReader.setAside(path) else { throw error }
        return try fetch(repository, access, branch, folder, path, request)
      }
    }
  }

  /// - Throws: `git.not-fetched` where nothing was fetched so far.
  private static func open(_ path: String) throws -> GitClone {
    do {
      return try GitClone(opening: path)
    } catch let error as ApplianceError where error.code == .gitMissing {
      throw ApplianceError(
        .gitNotFetched, "the repository was not fetched yet; a plan reads what was fetched last",
        hint: "kafclaw run, or kafclaw apply")
    }
  }

  private static func fetch(
    _ repository: RemoteAddress, _ access: RemoteAccess, _ branch: String, _ folder: String,
    _ path: String, _ request: SourceRequest
  ) throws -> SourceReply {
    let tip = try GitReader.fetch(repository, access: access, branch: branch, into: path)
    let clone = try GitClone(opening: path)
    let reply = try read(clone, tip, branch, folder, request)
    try clone.accept(commit: tip, branch: branch)
    return reply
  }

  /// Who made it comes first: nothing of a commit that is refused is parsed any further.
  private static func read(
    _ clone: borrowing GitClone, _ tip: String, _ branch: String, _ folder: String,
    _ request: SourceRequest
  ) throws -> SourceReply {
    let provenance = try request.trust.map { trust in
      try ProvenanceCheck(branch: branch, folder: folder, trust: trust).judge(tip, in: clone)
    }
    let snapshot = try clone.snapshot(
      of: tip, branch: branch, folder: folder, entries: DesiredStateLoader.entries)
    return SourceReply(
      revision: snapshot.revision, outcome: loader(request).load(snapshot.tree).reviewed,
      provenance: provenance,
      documents: request.wantsDocuments ? documents(of: snapshot.tree) : nil)
  }

  private static func documents(of tree: SourceTree) -> SourceTree {
    SourceTree(files: tree.files.filter { !$0.key.hasPrefix("workspace/") })
  }

  private static func loader(_ request: SourceRequest) -> DesiredStateLoader {
    DesiredStateLoader(host: request.host, overrides: request.overrides)
  }
}
