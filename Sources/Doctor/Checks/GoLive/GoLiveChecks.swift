// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether everything of the go-live checklist is there. That `kafclaw doctor` passes, its first
  /// row, is what the other groups say, which are looked at together with these.
  static let goLive: [Check] = [
    .goLiveProviders, .goLiveChannels, .goLiveProviderReal, .goLiveToken, .goLiveTokenRotation,
    .goLiveFolders, .goLiveSource, .goLiveTomb, .goLiveBackup, .goLiveDrill, .goLiveLogRetention,
    .goLiveIncidentOwner, .goLiveEscalation, .goLiveIsolation, .goLiveMonitoring,
  ]
}
