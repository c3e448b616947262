// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The managed processes of the appliance.
public enum ComponentName: String, Sendable, Codable, Hashable, CaseIterable {
  /// HTTP listeners and channels.
  case gateway
  /// Providers, tools and turns.
  case agent
}
