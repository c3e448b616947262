// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Gateway

/// What a gateway remembers of source networks.
struct LockedNetworksTests {
  private let networks = LockedNetworks()
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let network = SourceNetwork("203.0.113.7")
  private let other = SourceNetwork("203.0.113.8")

  private func later(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(seconds) }

  @Test func aLockHoldsToItsEnd() {
    #expect(networks.lockedUntil(network, at: now) == nil)
    networks.lock(network, until: later(60))
    #expect(networks.lockedUntil(network, at: later(59)) == later(60))
    #expect(networks.lockedUntil(other, at: now) == nil)
    #expect(networks.lockedUntil(network, at: later(60)) == nil)
    // What has ended is forgotten.
    #expect(networks.lockedUntil(network, at: now) == nil)
  }

  @Test func whatTheSupervisorKnowsIsTakenOver() {
    networks.remember("bot", from: network)
    networks.lock(network, until: later(60))
    networks.take([
      network.text: NetworkLock(until: later(30), clients: ["gateway"]),
      other.text: NetworkLock(until: later(90), clients: []),
    ])
    #expect(networks.lockedUntil(network, at: now) == later(60), "the later end holds")
    #expect(networks.lockedUntil(other, at: now) == later(90))
    #expect(networks.knows("bot", from: network) && networks.knows("gateway", from: network))
    #expect(!networks.knows("bot", from: other) && !networks.knows("gateway", from: other))
    networks.take([:])
    #expect(networks.lockedUntil(network, at: now) == later(60))
  }

  @Test func beyondTheLimitTheLocksThatEndFirstAreForgotten() {
    func number(_ index: Int) -> SourceNetwork { SourceNetwork(recorded: "n\(index)") }
    for index in 0..<LockedNetworks.limit {
      networks.lock(number(index), until: later(1 + TimeInterval(index) / 100))
    }
    networks.lock(network, until: later(600))
    #expect(networks.lockedUntil(number(0), at: now) == nil)
    #expect(networks.lockedUntil(number(1), at: now) != nil)
    #expect(networks.lockedUntil(network, at: now) == later(600))
  }

  @Test func beyondTheLimitLoginsAreForgotten() {
    for index in 0..<LockedNetworks.limit { networks.remember("c\(index)", from: network) }
    #expect(networks.knows("c0", from: network))
    networks.remember("bot", from: network)
    #expect(networks.knows("bot", from: network) && !networks.knows("c0", from: network))
  }
}
