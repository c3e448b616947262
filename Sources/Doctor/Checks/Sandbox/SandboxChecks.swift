// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// What holds the programs that the agent runs.
  static let sandbox: [Check] = [
    .sandboxIsolation, .sandboxLimits, .componentsConfined, .secretsExposed,
    .secretsWatched,
  ]
}
