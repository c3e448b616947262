// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension Plan {
  public struct Engine: Sendable, Codable, Equatable {
    public let version: String

    /// What comes before the first dot: engines of another one plan differently.
    var major: Substring { version.prefix { $0 != "." } }
  }

  public struct Host: Sendable, Codable, Equatable {
    public let name: String
  }

  /// What a plan is made for.
  public enum Mode: String, Sendable, Codable {
    /// To the desired state of the source.
    case normal
    /// Back to the last state that was good.
    case rollback
    /// To the state that is applied already.
    case drift
  }

  /// Where the desired state comes from. For a folder, commits and trees are absent.
  public struct Source: Sendable, Codable, Equatable {
    public let repository: String
    public let branch: String?
    /// What is applied now; `nil` on a host where nothing was applied.
    public let baseCommit: String?
    /// The tree of the commit that is applied now.
    public let baseTree: String?
    public let headCommit: String?
    public let headTree: String?
    /// `none` until a verifier is configured.
    public let verification: String
    /// The name of the signer the head commit was verified for.
    public let verifiedBy: String?

    public init(
      repository: String, branch: String?, headCommit: String?, headTree: String?,
      verification: String, baseCommit: String? = nil, baseTree: String? = nil,
      verifiedBy: String? = nil
    ) {
      self.repository = repository
      self.branch = branch
      self.baseCommit = baseCommit
      self.baseTree = baseTree
      self.headCommit = headCommit
      self.headTree = headTree
      self.verification = verification
      self.verifiedBy = verifiedBy
    }

    enum CodingKeys: String, CodingKey {
      case repository = "repo"
      case branch = "ref"
      case baseCommit = "base_commit"
      case baseTree = "base_tree"
      case headCommit = "head_commit"
      case headTree = "head_tree"
      case verification = "verified"
      case verifiedBy = "verified_by"
    }
  }

  /// The verdict of a guardrail.
  public struct PolicyResult: Sendable, Codable, Equatable {
    public let id: String
    public let pack: String
    public let result: String
    public let message: String
    public let runbook: String
    public let remedy: String
    public let path: String

    public init(
      id: String, pack: String, result: String, message: String, runbook: String, remedy: String,
      path: String
    ) {
      (self.id, self.pack, self.result) = (id, pack, result)
      (self.message, self.runbook) = (message, runbook)
      (self.remedy, self.path) = (remedy, path)
    }
  }

  /// Whose reach a change alters: which tools somebody gains or loses on a channel.
  public struct Reach: Sendable, Codable, Equatable {
    public let channel: String
    /// A sender's id, or `operator`, `client`, `anybody-else`.
    public let who: String
    /// `direct`, `room` or `any`.
    public let conversation: String
    /// Tools that can be used from now on; those that need an approval end in ` (approval)`.
    public let gains: [String]
    public let loses: [String]

    public init(
      channel: String, who: String, conversation: String, gains: [String], loses: [String]
    ) {
      (self.channel, self.who, self.conversation) = (channel, who, conversation)
      (self.gains, self.loses) = (gains, loses)
    }
  }

  /// A value that comes from the environment and not from the repository.
  public struct EnvironmentValue: Sendable, Codable, Equatable {
    public let path: String
    public let variable: String
    public let value: JSONValue

    public init(path: String, variable: String, value: JSONValue) {
      self.path = path
      self.variable = variable
      self.value = value
    }
  }
}
