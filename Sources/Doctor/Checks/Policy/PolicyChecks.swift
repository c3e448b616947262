// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether the desired state is a safe one.
  static let policy: [Check] = [
    .toolsRestrictWorkspace, .policyGuardrails, .sourceVerified, .foldersIsolated,
    .sendersWildcards, .auditIntact, .securitySuppressions,
  ]
}
