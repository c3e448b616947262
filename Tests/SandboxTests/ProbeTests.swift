// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Sandbox
import Testing

struct ProbeTests {
  @Test("a probe tells what is usable, or why not")
  func probesSayWhy() {
    for probe in Backend.probes {
      #expect(probe.isUsable == (probe.configuration != nil))
      #expect(probe.isUsable == (probe.problem == nil))
      if probe.isUsable {
        #expect(probe.enforced.contains(.memoryPerProcess), "\(probe.backend)")
        #expect(probe.enforced.contains(.processCount), "\(probe.backend)")
      }
      let missing = probe.missing.map(\.rawValue).joined(separator: ", ")
      print("\(probe.backend): \(probe.problem ?? "usable"); missing: \(missing)")
    }
  }
}
