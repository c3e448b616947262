// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

extension ApplianceStatus {
  /// What became of the backups that are declared.
  public struct Backup: Sendable, Codable, Equatable {
    /// When a backup was made last in the declared repository.
    public let made: Date?
    /// When the repository was last read whole, and was whole.
    public let verified: Date?
    /// When a backup was last restored in a drill.
    public let drilled: Date?
    /// What is late, or failed and was not made good since.
    public let problems: [String]

    public init(made: Date?, verified: Date?, drilled: Date?, problems: [String]) {
      (self.made, self.verified) = (made, verified)
      (self.drilled, self.problems) = (drilled, problems)
    }
  }

  /// Whether the audit log can be written. Whether it is whole is for `kafclaw audit verify`.
  public struct Audit: Sendable, Codable, Equatable {
    public let isWritable: Bool
    /// Why it is not; what is not recorded is not done.
    public let problem: String?

    public init(problem: String?) {
      (isWritable, self.problem) = (problem == nil, problem)
    }
  }

  /// Texts of a channel that are not tried again.
  public struct DeadLetters: Sendable, Codable, Equatable {
    public let channel: String
    public let count: Int

    public init(channel: String, count: Int) { (self.channel, self.count) = (channel, count) }
  }

  /// Without what was seen: for whoever may only know whether the appliance is well.
  public var brief: ApplianceStatus {
    var brief = self
    (brief.backup, brief.audit, brief.alerts, brief.deadLetters) = (nil, nil, nil, nil)
    return brief
  }
}
