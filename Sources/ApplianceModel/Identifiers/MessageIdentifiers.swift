// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Names one inbound message for as long as the timeline keeps it.
public struct MessageID: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: String

  public init(rawValue: String) {
    self.rawValue = rawValue
  }
}

/// Names everything that one inbound message caused, across processes and records.
public struct TraceID: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: String

  public init(rawValue: String) {
    self.rawValue = rawValue
  }
}

/// Names one conversation; turns of a session run one after the other.
public struct SessionKey: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: String

  public init(rawValue: String) {
    self.rawValue = rawValue
  }
}

/// Names one request for an approval.
public struct ApprovalID: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: String

  public init(rawValue: String) {
    self.rawValue = rawValue
  }
}
