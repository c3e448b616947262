// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Daemon
import Glibc
import Skills

/// Skills as people read them.
enum SkillText {
  private struct States: Encodable {
    let formatVersion = 1
    let skills: [SkillState]

    private enum CodingKeys: String, CodingKey {
      case formatVersion, skills
    }
  }

  static func show(_ states: [SkillState], _ options: GlobalOptions, empty: String) throws {
    if options.format == .json { return try Output.json(States(skills: states)) }
    if states.isEmpty { Output.line(empty) }
    for state in states { Output.line(line(state)) }
  }

  private static func line(_ state: SkillState) -> String {
    let exposed = state.isExposed ? "exposed" : "not exposed"
    let origin = VisibleText.escape(state.origin ?? "not in the desired state")
    let digest = state.digest.map(\.short) ?? "-"
    let description = state.description.map { "\n    " + VisibleText.escape($0) } ?? ""
    return
      "\(state.name)  \(exposed)  \(state.condition.rawValue)  \(digest)  \(origin)\(description)"
  }

  /// What a script wrote: as it is for a program, visible for a person.
  static func show(output: String) {
    Output.text(isatty(1) == 1 ? escaped(output) : output)
  }

  /// Every line as ``VisibleText`` shows it.
  static func escaped(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map {
      VisibleText.escape(String($0))
    }.joined(separator: "\n")
  }

  static func show(_ report: SkillReport) {
    Output.line("\(report.name)  \(report.digest.rawValue)")
    Output.line("\(report.files) files, \(report.size) bytes, \(report.findings.count) findings")
    for finding in report.findings {
      let place = finding.line > 0 ? "\(finding.file):\(finding.line)" : finding.file
      Output.line(
        "\(finding.severity.rawValue)  \(finding.code)  \(VisibleText.escape(place)): "
          + VisibleText.escape(finding.message))
    }
  }
}
