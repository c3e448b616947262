// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What would be done to one host, and why: the form that is reviewed, stored and applied.
public struct Plan: Sendable, Codable, Equatable {
  public struct Engine: Sendable, Codable, Equatable {
    public let version: String
  }

  public struct Host: Sendable, Codable, Equatable {
    public let name: String
  }

  /// Where the desired state comes from. For a folder, commit and tree are absent.
  public struct Source: Sendable, Codable, Equatable {
    public let repository: String
    public let branch: String?
    public let headCommit: String?
    public let headTree: String?
    /// `none` until a verifier is configured.
    public let verification: String

    public init(
      repository: String, branch: String?, headCommit: String?, headTree: String?,
      verification: String
    ) {
      self.repository = repository
      self.branch = branch
      self.headCommit = headCommit
      self.headTree = headTree
      self.verification = verification
    }

    enum CodingKeys: String, CodingKey {
      case repository = "repo"
      case branch = "ref"
      case headCommit = "head_commit"
      case headTree = "head_tree"
      case verification = "verified"
    }
  }

  public struct Summary: Sendable, Codable, Equatable {
    public var create = 0
    public var update = 0
    public var delete = 0
    public var adopt = 0
    public var forget = 0
    public var blocked = 0
    public var noop = 0
    public var drift = 0
    public var impactMax = Impact.none

    enum CodingKeys: String, CodingKey {
      case create, update, delete, adopt, forget, blocked, noop, drift
      case impactMax = "impact_max"
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

  public let formatVersion: Int
  public let format: String
  public let kind: String
  public let created: Date
  public let engine: Engine
  public let host: Host
  public let source: Source
  public let serial: Int
  public let effectDigest: Digest
  public let summary: Summary
  /// Every resource that differs, most severe first; unchanged ones are only counted.
  public let changes: [Change]
  public let policy: [PolicyResult]
  public let environment: [EnvironmentValue]
  public let warnings: [String]

  enum CodingKeys: String, CodingKey {
    case formatVersion, kind, created, engine, host, source, serial, summary, changes, policy
    case environment, warnings
    case format = "format_version"
    case effectDigest = "effect_digest"
  }
}

extension Plan {
  /// The changes that applying carries out, in order.
  public var effective: [Change] {
    changes.filter(\.isEffective).sorted { $0.address < $1.address }
  }

  public var isEmpty: Bool { !changes.contains(where: \.isEffective) }

  public var blocked: [Change] { changes.filter { $0.blocked != nil } }

  /// Blocked for another reason than a drift policy that asks for a report.
  public var refusals: [Change] {
    blocked.filter { $0.reason != .drift && $0.reason != .deletedOutside }
  }

  /// Drift that was found, corrected or only reported.
  public var drift: [Change] {
    changes.filter { [.drift, .deletedOutside, .overridesExternal].contains($0.reason) }
  }

  public var denials: [PolicyResult] { policy.filter { $0.result == "deny" } }

  public var isDestructive: Bool {
    changes.contains { $0.actions.contains(.delete) } || !refusals.isEmpty
  }
}
