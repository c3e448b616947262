// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// The branch does not descend from a commit that was trusted before.
  public static let gitHistoryRewritten = Self("git.history-rewritten")
}

extension GitClone {
  /// The commits from `tip` back to one of `bases` by first parents, newest first, without the
  /// base; none when `tip` is a base itself.
  ///
  /// - Parameter limit: Commits.
  /// - Throws: `git.history-rewritten` when no base is met before the history ends, so always
  ///   without bases; `source.refused` after `limit` commits.
  public func firstParents(
    from tip: String, until bases: Set<String>, limit: Int = 100_000
  ) throws -> [String] {
    let ends = Set(try bases.map { try ObjectID($0) })
    var (commits, next): ([String], ObjectID?) = ([], try ObjectID(tip))
    while let commit = next {
      if ends.contains(commit) { return commits }
      guard commits.count < limit else {
        throw ApplianceError(
          .sourceRefused, "there are over \(limit) commits between \(tip) and what is trusted")
      }
      commits.append(commit.text)
      next = try CommitObject(commit, in: repository).parents.first
    }
    let known = bases.sorted().prefix(3).joined(separator: ", ")
    throw ApplianceError(
      .gitHistoryRewritten,
      "commit \(tip) does not descend from \(known.isEmpty ? "any trusted commit" : known)",
      hint: "the branch was rewritten, or an old state of it is served again")
  }
}
