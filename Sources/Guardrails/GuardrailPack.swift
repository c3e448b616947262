// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel
package import DesiredState

/// A named set of rules over the desired state.
package struct GuardrailPack: Sendable, Equatable {
  package var pack = ""
  package var version = FormatVersion(1)
  package var rules: [GuardrailRule] = []

  package init() {}

  /// Reads a pack strictly.
  ///
  /// - Throws: `guardrail.malformed` with the first issue.
  package static func read(_ bytes: [UInt8], file: String) throws -> GuardrailPack {
    let (pack, issues) = SpecFile.read(GuardrailPack.self, bytes, file: file)
    guard let pack else {
      throw ApplianceError(
        .guardrailMalformed, issues.first?.description ?? "\(file): the file is empty")
    }
    return pack
  }
}

extension ApplianceError.Code {
  /// A guardrail pack cannot be read.
  package static let guardrailMalformed = Self("guardrail.malformed")
}

extension GuardrailPack: SpecSection {
  package static var summary: String { "A guardrail pack." }

  package static let fields: [SpecField<Self>] = [
    SpecField("pack", \.pack, required: true, "Name of the pack."),
    SpecField("version", \.version, required: true, "Version of the format; always 1."),
    SpecField("rules", \.rules, required: true, "The rules, in the order they are reported."),
  ]
}

/// One rule: where all of `when` holds, all of `require` must hold too.
package struct GuardrailRule: Sendable, Equatable {
  package var id = ""
  package var title = ""
  package var severity: GuardrailSeverity = .deny
  package var runbook = ""
  package var when: [GuardrailCondition] = []
  package var require: [GuardrailCondition] = []
  package var remedy = ""

  package init() {}
}

extension GuardrailRule: SpecSection {
  package static var summary: String { "Where all of `when` holds, all of `require` must hold." }

  package static let fields: [SpecField<Self>] = [
    SpecField("id", \.id, required: true, "Stable identifier."),
    SpecField("title", \.title, required: true, "What the rule wants, as a sentence."),
    SpecField("severity", \.severity, required: true, "`deny` refuses the change."),
    SpecField("runbook", \.runbook, required: true, "Section of the runbook it comes from."),
    SpecField("when", \.when, "Conditions under which the rule applies. Defaults to always."),
    SpecField("require", \.require, required: true, "Conditions that must hold then."),
    SpecField("remedy", \.remedy, required: true, "What to do."),
  ]
}

/// What a violation does.
package enum GuardrailSeverity: String, SpecEnum {
  /// The change is refused: exit 4.
  case deny
  case warn
}

/// A test of one value. Exactly the operators that are set must hold.
package struct GuardrailCondition: Sendable, Equatable {
  package var path = ""
  package var present: Bool?
  package var equals: String?
  package var oneOf: [String]?
  package var notOneOf: [String]?
  package var contains: String?
  package var loopback: Bool?
  package var atLeast: String?
  package var atMost: String?

  package init() {}
}

extension GuardrailCondition: SpecSection {
  package static var summary: String { "A test of one value." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "path", \.path, required: true,
      "Field; `channels.*.type` speaks of every channel, one at a time."),
    SpecField("present", \.present, "Whether the field has a value."),
    SpecField("equals", \.equals, "The value, as text."),
    SpecField("oneOf", \.oneOf, "Accepted values."),
    SpecField("notOneOf", \.notOneOf, "Refused values."),
    SpecField("contains", \.contains, "An element the list must have."),
    SpecField("loopback", \.loopback, "Whether the address is loopback."),
    SpecField("atLeast", \.atLeast, "Lowest number or duration."),
    SpecField("atMost", \.atMost, "Highest number or duration."),
  ]
}
