// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials

/// Findings of the security checks that the operator decided about.
public struct SecuritySpec: Sendable, Equatable {
  public var suppressions: [SuppressionSpec] = []

  public init() {}
}

extension SecuritySpec: SpecSection, SpecNesting {
  package static var summary: String {
    "Findings of the security checks that the operator decided about."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "suppressions", \.suppressions,
      "Findings that are lived with for a time; at most 64. Critical ones cannot be.")
  ]
}

/// A finding that is lived with, for a time and a reason.
public struct SuppressionSpec: Sendable, Equatable {
  public var check = ""
  public var reason = ""
  public var owner = ""
  /// As it stands here it has ended long ago.
  public var expires = SpecTimestamp(Date(timeIntervalSince1970: 0))

  public init() {}
}

extension SuppressionSpec: SpecSection, SpecNesting {
  package static var summary: String { "A finding that is lived with, for a time and a reason." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "check", \.check, required: true,
      "Id of the check, as `kafclaw security check` prints it: `area.what`."),
    SpecField("reason", \.reason, required: true, "Why it is lived with."),
    SpecField("owner", \.owner, required: true, "Person or team that decided it."),
    SpecField(
      "expires", \.expires, required: true,
      "When the finding counts again, and the suppression becomes a finding itself."),
  ]
}
