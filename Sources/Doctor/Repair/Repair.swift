// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DesiredState

/// One step that the appliance may take by itself; harmless to repeat.
public struct Repair: Sendable {
  /// What it does, as an order: "set mode 0600 on …".
  public let description: String
  /// What it acts on, for the audit log.
  public let subject: String
  /// Returns a secret that is shown once, where it makes one.
  let act: @Sendable () async throws -> SecretValue?

  init(
    _ description: String, on subject: String, _ act: @escaping @Sendable () async throws -> Void
  ) {
    (self.description, self.subject) = (description, Self.recorded(subject))
    self.act = {
      try await act()
      return nil
    }
  }

  init(
    making description: String, on subject: String,
    _ act: @escaping @Sendable () async throws -> SecretValue
  ) {
    (self.description, self.subject) = (description, Self.recorded(subject))
    self.act = { try await act() }
  }

  /// What goes into the audit log stays there, a name that is a secret too.
  private static func recorded(_ subject: String) -> String {
    SecretPattern.matches(subject) ? "(looks like a secret)" : subject
  }
}

/// A change of the desired state that an operator may commit.
public struct Proposal: Sendable, Codable, Equatable {
  /// The field, as in `gateway.auth.rotateAfter`.
  public let path: String
  public let value: JSONValue
  public let reason: String

  public init(_ path: String, _ value: JSONValue, because reason: String) {
    (self.path, self.value, self.reason) = (path, value, reason)
  }
}
