// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Every check there is, in the order in which they are shown.
public enum Checks {
  public static let all: [Check] =
    state + backup + secrets + network + hostHygiene + policy + sandbox + goLive + deep
}
