// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Skills
import Tools

/// What the skills that a turn has read leave of its tools. They only ever take away: two skills leave what both
/// allow, and reading a skill stays possible.
struct SkillNarrowing {
  /// The skill that took a tool away first; `nil` where none says anything.
  private var limits: [(skill: String, tools: Set<String>)] = []
  /// Skills that this life of the supervisor gave out; of others the steps tell.
  private let known: Set<String>

  init(_ work: Work, _ skills: [DesiredSkill], _ shelf: SkillShelf) {
    let given = shelf.given(to: work.id)
    for (name, tools) in given.sorted(by: { $0.key < $1.key }) {
      if let tools { limits.append((name, Set(tools))) }
    }
    known = Set(given.keys)
    var calls: [Int: ToolCall] = [:]
    for step in work.steps {
      switch step {
      case .intent(let call) where call.tool == ToolName.readSkill: calls[call.index] = call
      case .result(let index, .success): see(calls[index], skills, shelf)
      default: continue
      }
    }
  }

  private mutating func see(_ call: ToolCall?, _ skills: [DesiredSkill], _ shelf: SkillShelf) {
    guard let call else { return }
    // A skill that was read and cannot be any more takes all tools away.
    guard case .read(let name, _)? = try? SkillCall(call)  // `try?`: so does a call that is none
    else { return limits.append((call.arguments["skill"]?.stringValue ?? "", [])) }
    guard !known.contains(name) else { return }
    guard let skill = skills.first(where: { $0.name == name }),
      let header = try? shelf.header(of: skill, among: skills)  // `try?`: see above
    else { return limits.append((name, [])) }
    if let tools = header.allowedTools { limits.append((name, Set(tools))) }
  }

  func permits(_ tool: String) -> Bool { objector(to: tool) == nil }

  func narrowed(_ decision: AccessDecision, tool: String) -> AccessDecision {
    guard decision.verdict != .denied, let skill = objector(to: tool) else { return decision }
    return AccessDecision(
      .denied, .skill, rule: "skills/\(VisibleText.escape(skill))", entry: tool,
      tier: decision.tier)
  }

  private func objector(to tool: String) -> String? {
    guard tool != ToolName.readSkill else { return nil }
    return limits.first { !$0.tools.contains(tool) }?.skill
  }
}
