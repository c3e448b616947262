// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import SodiumCrypto

extension Change {
  /// One field of a resource that differs.
  public struct Field: Sendable, Codable, Equatable {
    public enum Operation: String, Sendable, Codable {
      case add
      case change
      case remove
    }

    /// JSON Pointer (RFC 6901) inside the resource.
    public let path: String
    public let operation: Operation
    /// The live value; `nil` when absent, and always for sensitive fields.
    public let before: JSONValue?
    /// The desired value; `nil` when removed, and always for sensitive fields.
    public let after: JSONValue?
    /// SHA-256 of the live value's canonical JSON; `nil` when absent.
    public let beforeFingerprint: Digest?
    /// SHA-256 of the desired value's canonical JSON; `nil` when removed.
    public let afterFingerprint: Digest?
    public let sensitive: Bool
    /// The value that was applied last, where the live value differs from it.
    public let driftFrom: JSONValue?

    enum CodingKeys: String, CodingKey {
      case path, before, after, sensitive
      case operation = "op"
      case beforeFingerprint = "before_fp"
      case afterFingerprint = "after_fp"
      case driftFrom = "drift_from"
    }

    /// A field that anybody may see.
    init(
      path: String, operation: Operation, before: JSONValue?, after: JSONValue?,
      driftFrom: JSONValue?
    ) {
      self.path = path
      self.operation = operation
      self.before = before
      self.after = after
      self.driftFrom = driftFrom
      beforeFingerprint = Self.fingerprint(of: before)
      afterFingerprint = Self.fingerprint(of: after)
      sensitive = false
    }

    /// A `null` that stands there is a value, a missing key is none.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func value(_ key: CodingKeys) throws -> JSONValue? {
        guard container.contains(key) else { return nil }
        return try container.decode(JSONValue.self, forKey: key)
      }
      path = try container.decode(String.self, forKey: .path)
      operation = try container.decode(Operation.self, forKey: .operation)
      before = try value(.before)
      after = try value(.after)
      beforeFingerprint = try container.decodeIfPresent(Digest.self, forKey: .beforeFingerprint)
      afterFingerprint = try container.decodeIfPresent(Digest.self, forKey: .afterFingerprint)
      sensitive = try container.decode(Bool.self, forKey: .sensitive)
      driftFrom = try value(.driftFrom)
    }

    static func fingerprint(of value: JSONValue?) -> Digest? {
      value.map { SHA256.digest($0) }
    }

    /// Whether the fingerprints are those of the values. A sensitive field has no values.
    var hasItsFingerprints: Bool {
      guard !sensitive else { return before == nil && after == nil }
      return beforeFingerprint == Self.fingerprint(of: before)
        && afterFingerprint == Self.fingerprint(of: after)
    }
  }
}
