// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// The two orders of a plan: for reading, most severe first; for applying, by wave.
struct PlanOrderTests {
  private var mixed: PlanInput {
    var input = PlanInput()
    input.desired = [
      Resource(.component, "gateway", ["state": "running"]), Resource(.modes, "a", ["mode": "0"]),
      Resource(.senders, "web", ["policy": "open"]), Resource(.workspace, "b.md", ["digest": "b"]),
    ]
    for resource in input.desired { input.observed[resource.address] = .absent }
    input.observed[ResourceAddress(.workspace, "b.md")] = .present(["digest": "theirs"])
    for name in ["gone.md", "gone-too.md"] {
      input.applied[ResourceAddress(.workspace, name)] = ["digest": "c"]
      input.observed[ResourceAddress(.workspace, name)] = .present(["digest": "c"])
    }
    return input
  }

  @Test func deletionsAndRefusalsComeFirst() {
    let addresses = Planner.plan(mixed).changes.map(\.address.text)
    #expect(
      addresses == [
        "workspace/gone-too.md", "workspace/gone.md", "workspace/b.md", "component/gateway",
        "senders/web", "modes/a",
      ])
  }

  @Test func applyingGoesByWave() {
    let effective = Planner.plan(mixed).effective
    #expect(effective.map(\.wave) == effective.map(\.wave).sorted())
    #expect(effective.first?.address.text == "modes/a")
    #expect(effective.last?.address.text == "component/gateway")
  }

  @Test func deletionOrRefusalMakesAPlanDestructive() {
    var input = mixed
    #expect(Planner.plan(input).isDestructive)
    input.applied = [:]
    #expect(Planner.plan(input).isDestructive)
    input.observed[ResourceAddress(.workspace, "b.md")] = .absent
    #expect(!Planner.plan(input).isDestructive)
  }

  @Test func waveOfAKindDependsOnWhatItNeeds() {
    let order = ResourceKind.allCases.sorted { $0.wave < $1.wave }
    #expect(order.last == .component)
    #expect(ResourceKind.secret.wave < ResourceKind.component.wave)
    #expect(ResourceKind.configuration.wave < ResourceKind.component.wave)
  }

  @Test(arguments: [
    ("component/gateway", ResourceAddress(.component, "gateway") as ResourceAddress?),
    ("workspace/a/b.md", ResourceAddress(.workspace, "a/b.md")),
    ("secret/env:T", ResourceAddress(.secret, "env:T")), ("component", nil), ("", nil),
    ("component/", nil), ("/gateway", nil), ("process/gateway", nil),
  ])
  func addressesAreReadAsTheyAreWritten(text: String, address: ResourceAddress?) {
    #expect(ResourceAddress(text) == address)
    if let address { #expect(address.text == text) }
  }

  @Test func addressesAreStringsInJSON() throws {
    let address = ResourceAddress(.modes, "run/")
    let bytes = try ApplianceJSON.encode([address])
    #expect(String(decoding: bytes, as: UTF8.self) == #"["modes/run/"]"#)
    #expect(try ApplianceJSON.decode([ResourceAddress].self, from: bytes) == [address])
    #expect(throws: ApplianceError.self) {
      try ApplianceJSON.decode([ResourceAddress].self, from: Array(#"["process/a"]"#.utf8))
    }
  }
}
