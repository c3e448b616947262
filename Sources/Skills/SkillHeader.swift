// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

/// The front matter of a `SKILL.md`: YAML between two lines of three dashes.
public struct SkillHeader: Sendable, Codable, Equatable {
  /// Unicode scalars of a description.
  static let descriptionLimit = 1_024

  /// Lower-case letters, digits and single hyphens, up to 64.
  public let name: String
  /// What it does and when it is to be used: the model sees it in every turn.
  public let description: String
  /// The tools that a turn may still use once it has read the skill; `nil` for all it may use anyway.
  public let allowedTools: [String]?

  public init(name: String, description: String, allowedTools: [String]? = nil) {
    (self.name, self.description, self.allowedTools) = (name, description, allowedTools)
  }

  /// - Parameter bytes: Of the whole `SKILL.md`.
  /// - Throws: `skill.malformed`.
  public init(_ bytes: [UInt8]) throws {
    let fields = try Self.fields(bytes)
    guard let name = fields["name"]?.scalar, SkillName.isOne(name) else {
      throw Self.failure(
        "`name` is not 1 to 64 of a-z, 0-9 and single hyphens between them")
    }
    guard let text = fields["description"]?.scalar, fields["description"]?.isNull == false,
      text.contains(where: { !$0.isWhitespace }), text.unicodeScalars.count <= Self.descriptionLimit
    else {
      throw Self.failure("`description` is not 1 to \(Self.descriptionLimit) characters")
    }
    self.name = name
    description = text
    allowedTools = try fields["allowed-tools"].map(Self.tools)
  }

  /// A text with spaces between, or a list.
  private static func tools(_ node: DocumentNode) throws -> [String] {
    let names: [String?]
    switch node.content {
    case .scalar(let text, _): names = text.split(whereSeparator: \.isWhitespace).map(String.init)
    case .sequence(let nodes): names = nodes.map(\.scalar)
    case .mapping: names = [nil]
    }
    let tools = names.compactMap { $0 }
    guard tools.count == names.count, tools.count <= 64 else {
      throw failure("`allowed-tools` is neither names with spaces between nor a list of up to 64")
    }
    return tools
  }

  private static let fence = Array("---".utf8)

  private static func fields(_ bytes: [UInt8]) throws -> [String: DocumentNode] {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    guard let first = lines.first, first.elementsEqual(fence),
      let end = lines.dropFirst().firstIndex(where: { $0.elementsEqual(fence) })
    else { throw failure("it does not begin with front matter between two lines of ---") }
    let document = Array(lines[1..<end].joined(separator: [UInt8(ascii: "\n")]))
    let read = YAMLDocumentReader.read(document, file: SkillPackage.instructionsFile)
    if let issue = read.issues.first { throw failure("line \(issue.line + 1): \(issue.message)") }
    guard case .mapping(let entries)? = read.node?.content else {
      throw failure("the front matter is no mapping")
    }
    return Dictionary(entries.map { ($0.key, $0.value) }) { _, last in last }
  }

  private static func failure(_ words: String) -> ApplianceError {
    ApplianceError(.skillMalformed, "\(SkillPackage.instructionsFile): \(words)")
  }
}

extension DocumentNode {
  fileprivate var scalar: String? {
    if case .scalar(let text, _) = content { return text }
    return nil
  }
}
