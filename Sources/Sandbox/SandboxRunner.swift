// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// The sandbox failed: not started, refused, or not able to hold a limit.
  public static let sandboxFailed = Self("sandbox.failed")
  /// The sandbox held, and the command could not be executed in it: no such file, no permission.
  public static let commandNotStarted = Self("sandbox.command-not-started")
}

/// Runs commands in one sandbox. It never falls back to a weaker one.
public struct SandboxRunner: Sendable {
  public let configuration: SandboxConfiguration

  public init(_ configuration: SandboxConfiguration) {
    self.configuration = configuration
  }

  /// Ends what engines still run for makers that were killed: an engine starts a command, so it does not end with
  /// whoever ordered it. The other sandboxes leave nothing.
  ///
  /// - Throws: ``ApplianceError`` with code `sandbox.failed`.
  public func sweep() throws {
    guard [.podman, .docker].contains(configuration.backend) else { return }
    try ContainerEngine(configuration).sweep()
  }

  /// Runs the command and returns when nothing of it is left. Blocks the thread.
  ///
  /// What the command does, whatever its exit status, is an outcome.
  ///
  /// - Throws: ``ApplianceError`` with code `sandbox.failed` when the sandbox failed, and
  ///   `sandbox.command-not-started` when the command could not be executed.
  public func run(_ request: SandboxRequest) throws -> SandboxOutcome {
    try RequestRules.check(request, isHost: configuration.backend == .host)
    return switch configuration.backend {
    case .podman, .docker: try ContainerSandbox(configuration).run(request)
    case .bubblewrap: try BubblewrapSandbox(configuration).run(request)
    case .host: try HostProcess.run(request)
    }
  }
}
