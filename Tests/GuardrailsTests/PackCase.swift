// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

/// A file of `policies/cases/`.
struct PackCases: SpecSection {
  var pack = ""
  var cases: [PackCase] = []

  static var summary: String { "Cases of a guardrail pack." }

  static var fields: [SpecField<Self>] {
    [
      SpecField("pack", \.pack, required: true, "Name of the pack."),
      SpecField("cases", \.cases, required: true, "The cases."),
    ]
  }
}

/// One state and what one rule says about it.
struct PackCase: SpecSection {
  var name = ""
  var rule = ""
  var state = CaseDocument(text: "")
  var result: CaseResult = .pass

  static var summary: String { "One state and what one rule says about it." }

  static var fields: [SpecField<Self>] {
    [
      SpecField("name", \.name, required: true, "What the case shows."),
      SpecField("rule", \.rule, required: true, "Identifier of the rule."),
      SpecField("state", \.state, required: true, "A whole `kafclaw.yaml`."),
      SpecField("result", \.result, required: true, "The gravest finding of the rule."),
    ]
  }

  /// The loaded state.
  ///
  /// - Throws: `model.malformed` with all issues when the document does not load.
  func load() throws -> LoadedState {
    let file = SourceTree.File(bytes: Array(state.text.utf8))
    let overrides = EnvironmentOverrides(environment: [:])
    let loader = DesiredStateLoader(host: nil, overrides: overrides)
    switch loader.load(SourceTree(files: [DesiredStateLoader.mainFile: file])) {
    case .valid(let state): return state
    case .invalid(let issues):
      let all = issues.map(\.description).joined(separator: "; ")
      throw ApplianceError(.malformed, "case \"\(name)\" does not load: \(all)")
    }
  }
}

/// What a rule says.
enum CaseResult: String, SpecEnum {
  case pass
  case warn
  case deny
}

/// A document inside a document: a YAML block, with its line breaks.
struct CaseDocument: SpecValue {
  let text: String

  static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> CaseDocument? {
    guard case .scalar(let text, _) = node.content else {
      decoding.reject(node, path, "expected a block of text, found \(node.kindName)")
      return nil
    }
    return CaseDocument(text: text)
  }

  static var schema: [String: JSONValue] { ["type": "string"] }
  static var form: String { "text" }
  var json: JSONValue { .string(text) }
}
