// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Fields that nothing reads yet: a warning in `validate`, a refusal in `apply`.
///
/// A field leaves this list in the change that gives it its effect.
package enum PendingMechanism {
  /// Field patterns, as in ``SpecFieldDescription/pattern``; a section stands for all its fields.
  package static let patterns: Set<String> = [
    "reconcile.windows"
  ]

  /// Channel types that cannot be served yet.
  static let channelTypes: Set<ChannelType> = [.teams]

  static let rule = "pending-mechanism"

  /// One warning for every value that was set and has no effect yet.
  static func issues(spec: ApplianceSpec, provenance: [String: Origin]) -> [ValidationIssue] {
    let fields = provenance.filter { path, _ in
      // A place in a list is no field of its own.
      path.utf8.last != UInt8(ascii: "]") && patterns.contains(pattern(of: path))
    }.map { warning($0.key, $0.value, "nothing reads this field yet") }
    let channels = spec.channels.filter { channelTypes.contains($0.value.type) }
      .map { name, channel in
        let path = "channels.\(name).type"
        return warning(
          path, provenance[path] ?? .builtIn,
          "channels of type \"\(channel.type.rawValue)\" are not served yet")
      }
    return fields + channels
  }

  /// `channels.web.stage` as `channels.*.stage`; names of channels hold no dot.
  private static func pattern(of path: String) -> String {
    let channels = "channels."
    guard path.hasPrefix(channels) else { return path }
    let channel = path.utf8.dropFirst(channels.utf8.count)
    guard let dot = channel.firstIndex(of: UInt8(ascii: ".")) else { return "channels.*" }
    return "channels.*" + path[dot...]
  }

  private static func warning(_ path: String, _ origin: Origin, _ message: String)
    -> ValidationIssue
  {
    ValidationIssue(
      origin: origin, path: path, severity: .warning, rule: rule, message: message,
      hint: "`apply` refuses it; remove it until a release gives it an effect")
  }
}
