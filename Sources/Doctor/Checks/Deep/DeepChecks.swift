// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// What takes long, or sends requests.
  static let deep: [Check] = [
    .probeUnauthenticated, .probeForged, .probeHost, .probeOrigin, .probeOptions, .probeMediaType,
    .probeOversized, .probeSmuggling, .probeSlow, .probeReplay, .auditVerified, .timelineVerified,
    .scanState, .scanGit, .scanProcesses, .sandboxEscape,
  ]
}
