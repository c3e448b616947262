// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Doctor
import FoundationEssentials

/// What an examination prints: the findings and, where something was repaired, how that ended.
struct ExaminationReport: Encodable {
  let examination: Examination
  let repairs: RepairReport?

  private enum CodingKeys: String, CodingKey {
    case formatVersion, checkedAt, checks, repairs
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(examination.formatVersion, forKey: .formatVersion)
    try container.encode(examination.checkedAt, forKey: .checkedAt)
    try container.encode(examination.checks, forKey: .checks)
    try container.encodeIfPresent(repairs?.steps, forKey: .repairs)
  }

  func render(_ format: ExaminationCommandOptions.Format) throws {
    switch format {
    case .json: try Output.json(self)
    case .sarif: try Output.json(SARIFReport.render(examination))
    case .human:
      renderRepairs()
      Output.text(ExaminationText.render(examination, colour: Output.allowsColour))
    }
  }

  private func renderRepairs() {
    guard let repairs else { return }
    if repairs.steps.isEmpty { Output.line("nothing to repair") }
    for step in repairs.steps {
      Output.line("\(step.outcome.rawValue)  \(step.check): \(step.description)")
      guard let error = step.error else { continue }
      Output.line("  \(error.message)")
      if let hint = error.hint { Output.line("  hint: \(hint)") }
    }
  }
}
