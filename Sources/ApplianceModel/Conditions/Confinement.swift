// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What a component really gave up when it started, as the kernel answered.
public struct Confinement: Sendable, Codable, Equatable {
  /// The version of Landlock; 0 where the kernel has none.
  public var landlock: Int
  /// Files beside the component's own are out of reach.
  public var files: Bool
  /// TCP ports beside the component's own are refused. Needs version 4.
  public var ports: Bool
  /// Signals to and abstract sockets of other processes are refused. Needs version 6.
  public var scopes: Bool
  /// System calls that no component has a use for are refused.
  public var systemCalls: Bool
  /// What does not hold and why, for people.
  public var problems: [String]

  public init(
    landlock: Int, files: Bool, ports: Bool, scopes: Bool, systemCalls: Bool, problems: [String]
  ) {
    (self.landlock, self.files, self.ports) = (landlock, files, ports)
    (self.scopes, self.systemCalls, self.problems) = (scopes, systemCalls, problems)
  }
}
