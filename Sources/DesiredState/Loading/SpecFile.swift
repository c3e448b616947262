// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Reads a YAML file that is one section: bootstrap file, guardrail pack.
package enum SpecFile {
  /// The section, or `nil` with all issues, sorted.
  package static func read<Section: SpecSection>(
    _ type: Section.Type, _ bytes: [UInt8], file: String
  ) -> (section: Section?, issues: [ValidationIssue]) {
    let document = YAMLDocumentReader.read(bytes, file: file)
    guard let node = document.node else {
      let empty = ValidationIssue.syntax(.file(path: file, line: 1, column: 1), "the file is empty")
      return (nil, document.issues.isEmpty ? [empty] : document.issues)
    }
    var decoding = SpecDecoding()
    let section = Section.decode(node, at: .root, into: &decoding)
    let issues = (document.issues + decoding.issues).sorted()
    return (issues.isEmpty ? section : nil, issues)
  }
}
