// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// One commit with the files of its desired-state folder.
public struct GitSnapshot: Sendable {
  public let revision: GitRevision
  public let tree: SourceTree
}

/// A commit, as plans and history name it.
public struct GitRevision: Sendable, Codable, Hashable {
  /// Hexadecimal object id of the commit.
  public let commit: String
  /// Hexadecimal object id of the desired-state folder's tree: what a plan is bound to, since one
  /// tree can come under many commit ids.
  public let tree: String
  public let branch: String
  /// The first line of the message, at most 200 characters.
  public let summary: String
  public let committedAt: Date
}
