// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ControlAPI
import DesiredState

extension Check {
  /// A channel that is down loses what people write to it.
  static let goLiveChannels = Check(
    "go-live.channels", "Status shows the expected channels healthy", .high, .goLive,
    reference: "runbook 5", remedy: "kafclaw status names what is wrong",
    detect: { try ExpectedParts.verdict($0, \.channels) { $0.channels.keys.sorted() } })
}
