// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The ways to run a command, strongest first.
public enum SandboxBackend: String, Sendable, Codable, CaseIterable {
  case podman
  case docker
  case bubblewrap
  /// No sandbox: the command runs as the service.
  case host
}

/// A backend and the facts of this machine that a probe found.
public struct SandboxConfiguration: Sendable, Codable, Equatable {
  public var backend: SandboxBackend
  /// The identifier of the container image, `sha256:…`. Containers only.
  public var image: String?
  /// The absolute path of `bwrap`, `podman` or `docker`; empty for ``SandboxBackend/host``.
  public var program: String
  /// Options before the command of the engine, such as `--runtime runc`.
  public var options: [String]
  /// The environment of the engine's client.
  public var environment: [String: String]
  /// Where groups for commands can be made; nil where resource limits hold each process alone.
  public var groups: ControlGroupParents?
  /// What a request for no network gets.
  public var enforced: [SandboxControl]

  public init(
    backend: SandboxBackend, image: String? = nil, program: String = "", options: [String] = [],
    environment: [String: String] = [:], groups: ControlGroupParents? = nil,
    enforced: [SandboxControl] = []
  ) {
    self.backend = backend
    self.image = image
    self.program = program
    self.options = options
    self.environment = environment
    self.groups = groups
    self.enforced = enforced
  }

  /// Runs commands without a sandbox.
  public static let host = SandboxConfiguration(backend: .host)
}
