// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import FoundationEssentials
public import GitSource
public import Provenance

/// What the supervisor wants to know of a desired state. Answered in the `source` process.
public struct SourceRequest: Sendable, Codable {
  public enum Place: Sendable, Codable {
    /// Fetch the branch into the clone, then read its tip.
    case remote(
      repository: RemoteAddress, access: RemoteAccess, branch: String, folder: String,
      clone: String)
    /// Read the tip of a branch where it is; nothing is written.
    case repository(path: String, branch: String, folder: String)
    /// Read what was fetched last; nothing is written and nobody is asked.
    case clone(path: String, branch: String, folder: String)
    /// Files that the caller has read already.
    case tree(SourceTree)
  }

  /// Whom the host trusts, and what it accepted so far.
  public struct Trust: Sendable, Codable {
    public let policy: TrustPolicy
    public let record: SourceTrust?
    /// When commits that are not in the record were received: now.
    public let now: Date

    public init(policy: TrustPolicy, record: SourceTrust?, now: Date) {
      (self.policy, self.record, self.now) = (policy, record, now)
    }
  }

  public let place: Place
  public let host: String?
  public let overrides: EnvironmentOverrides
  /// `nil` where nobody asks who made it: a folder, a repository that is only planned.
  public let trust: Trust?
  /// Whether the reply has the files of a commit.
  public let wantsDocuments: Bool

  public init(
    _ place: Place, host: String?, overrides: EnvironmentOverrides, trust: Trust? = nil,
    wantsDocuments: Bool = false
  ) {
    (self.place, self.host, self.overrides, self.trust) = (place, host, overrides, trust)
    self.wantsDocuments = wantsDocuments
  }
}

/// A desired state with the commit it stands in.
public struct SourceReply: Sendable, Codable {
  /// `nil` for a folder.
  public let revision: GitRevision?
  public let outcome: LoadOutcome
  /// How the commit was judged; `nil` for a folder.
  public let provenance: SourceProvenance?
  /// The files that the commit's state was read from, without those of the agent's workspace; `nil`
  /// when nobody asked for them.
  public let documents: SourceTree?

  public init(
    revision: GitRevision?, outcome: LoadOutcome, provenance: SourceProvenance? = nil,
    documents: SourceTree? = nil
  ) {
    (self.revision, self.outcome, self.provenance) = (revision, outcome, provenance)
    self.documents = documents
  }
}

/// The way from what was accepted before to a commit, every step of which was checked.
public struct SourceProvenance: Sendable, Codable, Equatable {
  /// First-parent commits since the last settled one, newest first.
  public let commits: [String]
  /// The commit itself, kept so that its signature can be judged again without the repository.
  public let evidence: CommitEvidence
  /// Who signed it; `nil` where nothing is verified.
  public let signer: String?
  public let context: SourceContext

  public init(
    commits: [String], evidence: CommitEvidence, signer: String?, context: SourceContext
  ) {
    (self.commits, self.evidence) = (commits, evidence)
    (self.signer, self.context) = (signer, context)
  }
}
