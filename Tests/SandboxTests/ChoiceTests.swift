// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox
import Testing

struct ChoiceTests {
  private func probe(
    _ backend: SandboxBackend, usable: Bool = true, missing: [SandboxControl] = []
  ) -> SandboxProbe {
    SandboxProbe(
      backend: backend, isUsable: usable, problem: usable ? nil : "broken", missing: missing,
      configuration: usable ? SandboxConfiguration(backend: backend) : nil)
  }

  private func chosen(
    _ isolation: SandboxChoice.Isolation, _ named: SandboxBackend? = nil, _ probes: [SandboxProbe]
  ) -> SandboxBackend? {
    switch SandboxChoice.choose(isolation: isolation, named: named, probes: probes) {
    case .success(let configuration): configuration.backend
    case .failure(let error):
      error.code == .sandboxUnavailable ? nil : .host
    }
  }

  @Test("auto takes the strongest usable sandbox and never the host")
  func auto() {
    let all = [probe(.host), probe(.bubblewrap), probe(.docker), probe(.podman)]
    #expect(chosen(.auto, all) == .podman)
    #expect(chosen(.auto, [probe(.host), probe(.bubblewrap)]) == .bubblewrap)
    #expect(chosen(.auto, [probe(.host), probe(.podman, usable: false)]) == nil)
    #expect(chosen(.auto, []) == nil)
  }

  @Test("a backend that loses limits stands behind one that holds all")
  func lostLimits() {
    let weak = probe(.podman, missing: [.memory])
    #expect(chosen(.auto, [weak, probe(.bubblewrap)]) == .bubblewrap)
    #expect(chosen(.auto, [weak, probe(.docker)]) == .docker)
    #expect(chosen(.auto, [weak, probe(.docker, missing: [.memory])]) == .podman)
    #expect(chosen(.strict, [weak, probe(.bubblewrap)]) == .podman)
  }

  @Test("strict takes a container, bubblewrap only when it is named, and never falls back")
  func strict() {
    let all = [probe(.host), probe(.bubblewrap), probe(.docker)]
    #expect(chosen(.strict, all) == .docker)
    #expect(chosen(.strict, .bubblewrap, all) == .bubblewrap)
    #expect(chosen(.strict, [probe(.bubblewrap), probe(.docker, usable: false)]) == nil)
    #expect(chosen(.strict, .podman, all) == nil)
    #expect(chosen(.strict, .host, all) == nil)
    #expect(chosen(.auto, .host, all) == nil)
  }

  @Test("host is chosen by name alone")
  func host() {
    #expect(chosen(.host, [probe(.docker)]) == .host)
    #expect(chosen(.host, .host, []) == .host)
    #expect(chosen(.host, .docker, [probe(.docker)]) == nil)
  }

  private func chosen(
    _ isolation: SandboxChoice.Isolation, _ probes: [SandboxProbe]
  ) -> SandboxBackend? {
    chosen(isolation, nil, probes)
  }
}
