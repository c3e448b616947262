// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The skills that the program brings along: instructions alone, without scripts.
public enum BundledSkills {
  private static let texts: [String: [UInt8]] = [
    "channel-onboarding": PackageResources.channel_onboarding_md,
    "incident-comms": PackageResources.incident_comms_md,
    "session-logs": PackageResources.session_logs_md,
    "summarize": PackageResources.summarize_md,
  ]

  public static var names: [String] { texts.keys.sorted() }

  /// - Throws: `skill.missing`.
  public static func package(_ name: String) throws -> SkillPackage {
    guard let text = texts[name] else {
      throw ApplianceError(.skillMissing, "the program brings no skill \"\(name)\" along")
    }
    return try SkillPackage([SkillPackage.instructionsFile: SourceTree.File(bytes: text)])
  }
}
