// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What the supervisor asks a process for that tries the declared repository.
public struct DrillRequest: Codable, Sendable {
  /// Longest that a drill may take.
  static let limit: Duration = .seconds(6 * 3_600)

  /// What stands for `~`.
  public let home: String
}

/// How a drill ended, which is remembered by then.
public struct DrillReply: Codable, Sendable {
  public let isPassed: Bool
  public let words: String

  public init(isPassed: Bool, words: String) { (self.isPassed, self.words) = (isPassed, words) }
}
