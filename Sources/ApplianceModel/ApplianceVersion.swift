// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The version of the program, as `kafclaw --version` prints it.
public enum ApplianceVersion {
  public static let current = "0.1.0"
}
