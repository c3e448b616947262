// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import Testing

/// Documents that must be refused, each with every issue at its place.
struct CorpusTests {
  @Test func corpusIsThere() {
    #expect(CorpusCase.names.count >= 60)
  }

  @Test(arguments: CorpusCase.names)
  func badDocumentsGiveExactlyTheExpectedIssues(name: String) throws {
    let example = try CorpusCase(name: name)
    let issues = Documents.load(example.document).issues
    #expect(!example.expected.isEmpty)
    #expect(issues.map(\.summary) == example.expected)
    #expect(issues.allSatisfy { $0.file == "kafclaw.yaml" })
  }

  @Test(arguments: CorpusCase.names)
  func messagesHelpAndKeepSecrets(name: String) throws {
    let example = try CorpusCase(name: name)
    let texts = Documents.load(example.document).issues.map(\.description)
    for text in example.says {
      #expect(texts.contains { $0.contains(text) }, "nothing says \(text): \(texts)")
    }
    for literal in example.never {
      #expect(!texts.contains { $0.contains(literal) }, "an issue shows the secret")
    }
  }

  @Test func issuesOfOnePlaceHaveOneOrder() {
    let origin = Origin.file(path: "kafclaw.yaml", line: 3, column: 9)
    let anchor = ValidationIssue(origin: origin, path: "", rule: "syntax", message: "anchor")
    let tag = ValidationIssue(origin: origin, path: "", rule: "syntax", message: "tag")
    #expect((anchor < tag) != (tag < anchor))
  }
}

/// One file of `Corpus/`.
///
/// First the document; then `--- expect` and the issues, one a line, as `line:column rule path`
/// (`-` for no path); then, as many as wanted, `--- says TEXT`, which some issue must say, and
/// `--- never TEXT`, which none may show.
struct CorpusCase {
  private static let folder = "Tests/DesiredStateTests/Corpus"

  static let names = Checkout.names(in: folder).filter { $0.hasSuffix(".txt") }

  let document: String
  private(set) var expected: [String] = []
  private(set) var says: [String] = []
  private(set) var never: [String] = []

  init(name: String) throws {
    let text = String(decoding: try Checkout.bytes("\(Self.folder)/\(name)"), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let marker = try #require(lines.firstIndex(of: "--- expect"))
    document = lines[..<marker].map { "\($0)\n" }.joined()
    for line in lines[(marker + 1)...] where !line.isEmpty {
      if line.hasPrefix("--- says ") {
        says.append(String(line.dropFirst("--- says ".count)))
      } else if line.hasPrefix("--- never ") {
        never.append(String(line.dropFirst("--- never ".count)))
      } else {
        expected.append(String(line))
      }
    }
  }
}
