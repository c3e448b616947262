// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// No guardrail pack has this name.
  public static let guardrailUnknown = Self("guardrail.unknown")
}

/// The packs of `policies/`, built into the program.
enum BuiltInPacks {
  static let names = ["baseline", "strict"]

  static func pack(named name: String) throws -> GuardrailPack {
    switch name {
    case "baseline": return try .read(PackageResources.baseline_yaml, file: "baseline.yaml")
    case "strict": return try .read(PackageResources.strict_yaml, file: "strict.yaml")
    default:
      throw ApplianceError(
        .guardrailUnknown, "there is no guardrail pack \"\(name)\"",
        hint: "packs: \(names.joined(separator: ", "))")
    }
  }
}
