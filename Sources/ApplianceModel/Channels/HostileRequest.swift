// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A request that a channel's live listener has to refuse. It holds no message that anybody could
/// want to be answered.
public struct HostileRequest: Sendable, Codable, Equatable {
  public struct Header: Sendable, Codable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// What is wrong with it, as in `forged`.
  public let name: String
  public let headers: [Header]
  public let body: [UInt8]
  /// Statuses of the answer that are a refusal.
  public let refusals: [Int]

  public init(_ name: String, headers: [Header], body: [UInt8], refusals: [Int] = [401]) {
    (self.name, self.headers, self.body, self.refusals) = (name, headers, body, refusals)
  }
}
