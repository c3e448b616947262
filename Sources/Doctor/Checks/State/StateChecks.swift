// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether the appliance's files and parts are as they should be.
  static let state: [Check] = [
    .bootstrapValid, .stateTrusted, .stateModes, .stateFolders, .stateLeftovers, .applianceRunning,
    .applianceConverged, .appliancePorts, .diskSpace, .clockSane, .timelineIntact,
    .configurationRendered, .desiredValid, .desiredPending, .sourceFresh, .secretsResolve,
    .providerConfigured, .auditReadable, .leftoverJournal,
  ]
}
