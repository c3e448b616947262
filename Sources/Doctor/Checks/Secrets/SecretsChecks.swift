// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether secrets and tokens are where they belong, and not too old.
  static let secrets: [Check] = [
    .envSecrets, .envSyntax, .envElsewhere,
    .tombOpens, .tombRecovery, .tombRotation, .tombKeyFile,
    .tokenPresent, .tokenStrength, .tokenAge, .tokenVariable,
  ]
}
