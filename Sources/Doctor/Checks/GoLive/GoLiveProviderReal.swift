// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// The built-in provider is for tries: it repeats what it is told.
  static let goLiveProviderReal = Check(
    "go-live.provider-real", "A real model answers", .high, .goLive,
    reference: "runbook 5",
    remedy: "declare a provider under providers, and name it in agent.provider",
    detect: { host in
      guard let provider = try host.validState?.spec.agent.provider else {
        return Verdict(.fail, "there is no desired state", remedy: "kafclaw init DIR")
      }
      return provider == "offline"
        ? Verdict(.fail, "agent.provider is offline: replies are canned")
        : .pass("agent.provider is \(provider)")
    })
}
