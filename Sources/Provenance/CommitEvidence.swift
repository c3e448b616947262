// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// A commit with everything that a verdict on it needs.
public struct CommitEvidence: Sendable, Equatable {
  /// Object id, 40 lower-case hexadecimal digits.
  public let id: String
  /// The object's content, as it lies in the repository.
  public let bytes: [UInt8]
  /// Paths that differ from the first parent: both names of a renamed file, all files of a first
  /// commit.
  public let changedPaths: [String]
  /// When this host first had the commit, by its own clock.
  public let receivedAt: Date

  public init(id: String, bytes: [UInt8], changedPaths: [String], receivedAt: Date) {
    (self.id, self.bytes) = (id, bytes)
    (self.changedPaths, self.receivedAt) = (changedPaths, receivedAt)
  }
}

/// The bytes are Base64 on the wire.
extension CommitEvidence: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, bytes, changedPaths, receivedAt
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    bytes = [UInt8](try container.decode(Data.self, forKey: .bytes))
    changedPaths = try container.decode([String].self, forKey: .changedPaths)
    receivedAt = try container.decode(Date.self, forKey: .receivedAt)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(Data(bytes), forKey: .bytes)
    try container.encode(changedPaths, forKey: .changedPaths)
    try container.encode(receivedAt, forKey: .receivedAt)
  }
}
