// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Who gains or loses which tools, in words.
enum PlanReach {
  /// Lines of one plan; more are counted.
  static let limit = 50

  static func lines(of plan: Plan) -> [String] {
    let reach = plan.reach ?? []
    let shown = reach.prefix(limit).map(line)
    return reach.count > limit ? shown + ["and \(reach.count - limit) more"] : shown
  }

  private static func line(_ reach: Plan.Reach) -> String {
    let place = reach.conversation == "any" ? "" : " (\(reach.conversation))"
    let gains = reach.gains.isEmpty ? [] : ["gains " + reach.gains.joined(separator: ", ")]
    let loses = reach.loses.isEmpty ? [] : ["loses " + reach.loses.joined(separator: ", ")]
    return "\(reach.channel) \(reach.who)\(place): "
      + (gains + loses).joined(separator: "; ")
  }
}
