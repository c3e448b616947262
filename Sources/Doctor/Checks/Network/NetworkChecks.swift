// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether the gateway is reachable by nobody else than meant.
  static let network: [Check] = [
    .gatewayExposure, .gatewayTokenRequired, .processRoot, .processArguments,
  ]
}
