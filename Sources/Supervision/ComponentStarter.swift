// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// A process of a component, with the supervisor's end of its socket.
public protocol ComponentHandle: Sendable {
  var pid: Int32 { get }
  /// Whoever takes it closes it.
  var socket: Int32 { get }
  /// Returns when the process has ended, with its end in words.
  func waitForExit() async -> String
  /// Ends the process, or its connection where it belongs to another user.
  func kill()
}

/// Where the processes of one component come from.
public protocol ComponentStarter: Sendable {
  /// The next process; waits until there is one.
  ///
  /// - Parameter folders: Where it may work; asked once there is a process.
  /// - Throws: `process.spawn-failed`.
  func start(folders: @Sendable () async -> [String]) async throws -> any ComponentHandle
  /// Ends a ``start(folders:)`` that waits; those to come fail.
  func cancel()
}

extension ChildProcess: ComponentHandle {}

/// Starts components as children of the supervisor: one user runs all of them.
public struct ChildStarter: ComponentStarter {
  private let role: String
  private let environment: [String: String]

  /// - Parameter environment: The whole environment of the child; never a secret.
  public init(_ name: ComponentName, environment: [String: String]) {
    (role, self.environment) = (name.rawValue, environment)
  }

  public func start(
    folders: @Sendable () async -> [String]
  ) async throws -> any ComponentHandle {
    try await ChildProcess.start(role: role, folders: await folders(), environment: environment)
  }

  public func cancel() {}
}
