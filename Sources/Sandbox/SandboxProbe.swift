// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// What a backend really does on this machine for the current user.
public struct SandboxProbe: Sendable, Codable, Equatable {
  public let backend: SandboxBackend
  public let isUsable: Bool
  /// Why it is not usable, for people.
  public let problem: String?
  public let version: String?
  /// What a command in it was seen to be held by.
  public let enforced: [SandboxControl]
  /// What it should hold and does not.
  public let missing: [SandboxControl]
  /// What to run commands with; nil when it is not usable.
  public let configuration: SandboxConfiguration?

  public init(
    backend: SandboxBackend, isUsable: Bool, problem: String? = nil, version: String? = nil,
    enforced: [SandboxControl] = [], missing: [SandboxControl] = [],
    configuration: SandboxConfiguration? = nil
  ) {
    self.backend = backend
    self.isUsable = isUsable
    self.problem = problem
    self.version = version
    self.enforced = enforced
    self.missing = missing
    self.configuration = configuration
  }

  /// Where to look for a backend.
  public struct Place: Sendable, Equatable {
    /// The program; nil looks in the system's folders.
    public var program: String?
    /// Options before the engine's command, such as podman's `--root` or docker's `--host`.
    public var options: [String]

    public init(program: String? = nil, options: [String] = []) {
      self.program = program
      self.options = options
    }
  }

  /// Starts commands in the sandbox and looks at what held them. Takes up to some seconds.
  public static func probe(_ backend: SandboxBackend, at place: Place = Place()) -> SandboxProbe {
    do {
      switch backend {
      case .host:
        return SandboxProbe(
          backend: .host, isUsable: true, missing: SandboxControl.allCases, configuration: .host)
      case .bubblewrap: return try BubblewrapProbe.probe(place)
      case .podman, .docker: return try ContainerProbe.probe(backend, place)
      }
    } catch {
      let error = ApplianceError.of(error)
      return SandboxProbe(backend: backend, isUsable: false, problem: error.message)
    }
  }

  /// What a sandbox must hold to be called one; the rest are limits.
  static let essential: Set<SandboxControl> = [
    .filesystem, .network, .processes, .capabilities, .noNewPrivileges, .seccomp,
  ]

  /// The result of a self-test.
  static func tested(
    _ configuration: SandboxConfiguration, version: String?, _ held: Set<SandboxControl>
  ) -> SandboxProbe {
    var held = held
    if held.contains(.memory) { held.insert(.memoryPerProcess) }
    let enforced = SandboxControl.allCases.filter(held.contains)
    let missing = SandboxControl.allCases.filter { !held.contains($0) }
    let gaps = missing.filter(essential.contains).map(\.rawValue).joined(separator: ", ")
    var configuration = configuration
    configuration.enforced = enforced
    return SandboxProbe(
      backend: configuration.backend, isUsable: gaps.isEmpty,
      problem: gaps.isEmpty ? nil : "the self-test was not held by: \(gaps)", version: version,
      enforced: enforced, missing: missing, configuration: gaps.isEmpty ? configuration : nil)
  }

  /// The path of a program in the system's folders.
  static func find(_ name: String, _ place: Place) throws -> String {
    let paths = place.program.map { [$0] } ?? folders.map { $0 + "/" + name }
    guard let path = paths.first(where: { access($0, X_OK) == 0 }) else {
      throw ApplianceError(.sandboxFailed, "\(name) is not installed")
    }
    return path
  }

  private static let folders = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"]
}

/// Probes bubblewrap.
enum BubblewrapProbe {
  static func probe(_ place: SandboxProbe.Place) throws -> SandboxProbe {
    let program = try SandboxProbe.find("bwrap", place)
    let version = try ContainedProcess(program: program, arguments: ["--version"])
      .run(wallTime: 10_000, keep: 1000)
    let text = String(decoding: version.output.bytes, as: UTF8.self)
    let number = text.split(whereSeparator: \.isWhitespace).last.map(String.init)
    let configuration = SandboxConfiguration(
      backend: .bubblewrap, program: program, options: place.options + ["--disable-userns"],
      groups: ControlGroupParents.usable())
    do {
      return .tested(configuration, version: number, try SelfTest.run(configuration))
    } catch {
      // Bubblewrap before 0.8 has no --disable-userns; the filter refuses namespaces anyway.
      var plain = configuration
      plain.options = place.options
      return .tested(plain, version: number, try SelfTest.run(plain))
    }
  }
}
