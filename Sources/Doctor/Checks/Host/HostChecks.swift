// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether the operating system is kept as production is.
  static let hostHygiene: [Check] = [
    .hostUpdates, .hostUpgradable, .hostFirewall, .hostAccounts, .hostRootLogin,
  ]
}
