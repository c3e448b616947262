// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// The log cannot be continued: its end is not what it was, or a part is gone.
  public static let auditBroken = Self("audit.broken")
  /// A record could not be written; what it is about must not happen.
  public static let auditUnwritten = Self("audit.unwritten")
  /// There is no log on this host yet, or no such record in it.
  public static let auditMissing = Self("audit.missing")
}
