// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A program and its arguments: no shell reads them.
public struct SandboxedCommand: Sendable, Codable, Equatable {
  /// An absolute path inside the sandbox.
  public var executable: String
  /// Without the program's own name.
  public var arguments: [String]
  /// The whole environment; nothing is inherited.
  public var environment: [String: String]
  /// The working directory, an absolute path inside the sandbox.
  public var folder: String
  /// What the command reads from its standard input.
  public var input: [UInt8]

  public init(
    executable: String, arguments: [String] = [], environment: [String: String] = [:],
    folder: String = "/", input: [UInt8] = []
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
    self.input = input
  }
}

/// A folder or file of the host that the command sees.
public struct SandboxBinding: Sendable, Codable, Equatable {
  /// An absolute path of the host.
  public var host: String
  /// An absolute path inside the sandbox.
  public var inside: String
  public var isWritable: Bool

  public init(host: String, inside: String, isWritable: Bool) {
    self.host = host
    self.inside = inside
    self.isWritable = isWritable
  }
}

/// One command with everything it may see and use.
public struct SandboxRequest: Sendable, Codable, Equatable {
  public var command: SandboxedCommand
  public var bindings: [SandboxBinding]
  public var limits: SandboxLimits
  /// Whether the command reaches the network. Bubblewrap has no network of its own: with it, the
  /// command reaches what the host reaches, services on the loopback address too.
  public var hasNetwork: Bool

  public init(
    command: SandboxedCommand, bindings: [SandboxBinding] = [],
    limits: SandboxLimits = .standard, hasNetwork: Bool = false
  ) {
    self.command = command
    self.bindings = bindings
    self.limits = limits
    self.hasNetwork = hasNetwork
  }
}
