// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension GitClone {
  /// The tip of a branch.
  ///
  /// - Throws: `git.missing` when there is none.
  public func tip(of branch: String) throws -> String {
    guard let tip = try repository.target(of: try BranchName.reference(branch)) else {
      throw ApplianceError(
        .gitMissing, "\"\(repository.path)\" has no branch \"\(branch)\"",
        hint: "commit to it, or set source.branch in appliance.yaml")
    }
    return tip.text
  }

  /// The tip that was fetched last, whether it was accepted or not.
  ///
  /// - Throws: `git.missing` before the first fetch.
  public func candidate() throws -> String {
    guard let tip = try repository.target(of: Self.candidate) else {
      throw ApplianceError(
        .gitMissing, "nothing was fetched into \"\(repository.path)\" yet", hint: "kafclaw run")
    }
    return tip.text
  }

  /// Makes a commit the tip of `branch` in the clone. Until then the branch stays where it was,
  /// whatever was fetched.
  public func accept(commit: String, branch: String) throws {
    let identifier = try ObjectID(commit)
    guard repository.hasCommit(identifier) else {
      throw repository.damaged("it has no commit \(identifier)")
    }
    try repository.set(try BranchName.reference(branch), to: identifier)
  }
}
