// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Probes podman and docker.
enum ContainerProbe {
  static func probe(
    _ backend: SandboxBackend, _ place: SandboxProbe.Place
  ) throws -> SandboxProbe {
    let program = try SandboxProbe.find(backend.rawValue, place)
    var problem = ApplianceError(.sandboxFailed, "\(backend.rawValue) runs no container")
    // The runtime of the engine's own choice may not fit this kernel.
    for options in runtimes(backend) {
      let configuration = SandboxConfiguration(
        backend: backend, program: program, options: place.options + options,
        environment: environment, enforced: [.memory, .processCount])
      do {
        return try test(configuration)
      } catch {
        problem = ApplianceError.of(error)
      }
    }
    throw problem
  }

  private static func runtimes(_ backend: SandboxBackend) -> [[String]] {
    guard backend == .podman else { return [[]] }
    let places: [String] = ["/usr/sbin/runc", "/usr/bin/runc"]
    let hasRunc = places.contains { access($0, X_OK) == 0 }
    return hasRunc ? [[], ["--runtime", "runc"]] : [[]]
  }

  /// Engines look for their helpers in the path, and podman for its store in the home.
  private static var environment: [String: String] {
    var variables = ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]
    if let entry = getpwuid(geteuid()), let home = entry.pointee.pw_dir {
      variables["HOME"] = String(cString: home)
    }
    if let folder = getenv("XDG_RUNTIME_DIR") {
      variables["XDG_RUNTIME_DIR"] = String(cString: folder)
    }
    return variables
  }

  private static func test(_ configuration: SandboxConfiguration) throws -> SandboxProbe {
    let engine = ContainerEngine(configuration)
    let format = configuration.backend == .podman ? "{{.Client.Version}}" : "{{.Server.Version}}"
    let version = try engine.ask(["version", "--format", format])
    // `try?`: a container that stays says nothing of those to come.
    try? engine.sweep()
    var complete = configuration
    complete.image = try SandboxImage.identifier(engine, configuration.backend)
    let held = try SelfTest.run(complete)
    guard !held.isSuperset(of: [.memory, .processCount]) else {
      return .tested(complete, version: version, held)
    }
    // Limits that the engine loses are asked of each process.
    complete.enforced = []
    return .tested(complete, version: version, try SelfTest.run(complete))
  }
}
