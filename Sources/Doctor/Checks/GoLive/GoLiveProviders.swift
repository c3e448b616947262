// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ControlAPI
import DesiredState

extension Check {
  /// An appliance that has no model answers nobody.
  static let goLiveProviders = Check(
    "go-live.providers", "Status shows the expected model provider healthy", .high, .goLive,
    reference: "runbook 5", remedy: "kafclaw status names what is wrong",
    detect: { try ExpectedParts.verdict($0, \.providers) { [$0.agent.provider] } })
}
