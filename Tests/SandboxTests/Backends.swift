// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Sandbox
import Testing

/// The sandboxes of this machine, each examined once.
///
/// `KAFCLAW_TEST_DOCKER_HOST` names the socket of a docker engine, `KAFCLAW_TEST_PODMAN_OPTIONS`
/// the options of podman, such as a store of its own; without them the standard places are used.
struct Backend: Sendable, CustomTestStringConvertible {
  let probe: SandboxProbe

  var testDescription: String { probe.backend.rawValue }
  var runner: SandboxRunner { SandboxRunner(probe.configuration ?? .host) }

  static let probes: [SandboxProbe] = [
    .probe(.bubblewrap), .probe(.podman, at: podman), .probe(.docker, at: docker),
  ]

  /// The usable ones. Those that are not are named by `theSandboxesAreKnown`.
  static let usable = probes.filter(\.isUsable).map(Backend.init)

  static let isBubblewrapUsable = usable(.bubblewrap) != nil

  static func usable(_ backend: SandboxBackend) -> Backend? {
    usable.first { $0.probe.backend == backend }
  }

  private static let variables = ProcessInfo.processInfo.environment

  private static var docker: SandboxProbe.Place {
    let socket = variables["KAFCLAW_TEST_DOCKER_HOST"]
    return SandboxProbe.Place(options: socket.map { ["--host", $0] } ?? [])
  }

  private static var podman: SandboxProbe.Place {
    let options = variables["KAFCLAW_TEST_PODMAN_OPTIONS"] ?? ""
    return SandboxProbe.Place(options: options.split(separator: " ").map(String.init))
  }
}

/// A request for a shell script.
func script(
  _ text: String, limits: SandboxLimits = .standard, input: [UInt8] = [],
  environment: [String: String] = ["PATH": "/usr/bin:/bin"], bindings: [SandboxBinding] = [],
  folder: String = "/tmp"
) -> SandboxRequest {
  SandboxRequest(
    command: SandboxedCommand(
      executable: "/bin/sh", arguments: ["-c", text], environment: environment, folder: folder,
      input: input),
    bindings: bindings, limits: limits)
}

extension SandboxOutcome {
  var text: String { String(decoding: output, as: UTF8.self) }
  var complaints: String { String(decoding: errors, as: UTF8.self) }
}
