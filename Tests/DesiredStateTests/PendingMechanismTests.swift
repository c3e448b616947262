// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import DesiredState

/// Fields that nothing reads yet: each one that is set gives one warning at its place.
struct PendingMechanismTests {
  /// A document that sets one pending field.
  struct Example: Sendable, CustomTestStringConvertible {
    let pattern: String
    /// One line; the field's key stands in it once.
    let line: String

    init(_ pattern: String, _ line: String) {
      (self.pattern, self.line) = (pattern, line)
    }

    var testDescription: String { pattern }

    var path: String {
      pattern.split(separator: ".").map { $0 == "*" ? "web" : String($0) }.joined(separator: ".")
    }

    var document: String {
      let header = line.hasPrefix("appliance:") ? "version: 1\n" : Documents.header
      return header + line + "\n"
    }
  }

  static let examples: [Example] = [
    Example("reconcile.windows", "reconcile: {windows: []}")
  ]

  @Test func everyPatternIsAField() {
    let fields = Set(ApplianceSpec.nestedFields.map(\.pattern))
    #expect(PendingMechanism.patterns.subtracting(fields).sorted() == [])
  }

  @Test func everyPatternHasAnExample() {
    let patterns = Set(PendingMechanismTests.examples.map(\.pattern))
    #expect(patterns == PendingMechanism.patterns)
  }

  @Test(arguments: PendingMechanismTests.examples)
  func fieldGivesOneWarningAtItsPlace(example: Example) throws {
    let state = try #require(Documents.load(example.document).state)
    let key = try #require(example.path.split(separator: ".").last)
    let before = try #require(example.line.firstRange(of: "\(key): ")).lowerBound
    let column = example.line.distance(from: example.line.startIndex, to: before) + 1
    let line = example.document.split(separator: "\n").count
    #expect(
      state.pending.map(\.summary) == ["\(line):\(column) pending-mechanism \(example.path)"])
    #expect(state.warnings == state.pending)
    #expect(state.pending.allSatisfy { $0.severity == .warning && $0.file == "kafclaw.yaml" })
  }

  @Test(arguments: PendingMechanism.channelTypes)
  func channelTypeThatIsNotServedGivesOneWarning(type: ChannelType) throws {
    let document = Documents.header + "channels:\n  team:\n    type: \(type.rawValue)\n"
    let state = try #require(Documents.load(document).state)
    #expect(state.pending.map(\.summary) == ["5:5 pending-mechanism channels.team.type"])
  }

  @Test func defaultsGiveNoWarning() throws {
    let state = try #require(Documents.load(Documents.header).state)
    #expect(state.warnings.isEmpty)
  }

  @Test func warningsComeWithErrorsToo() {
    let document = Documents.header + "channels: {team: {type: teams}}\nreconcile: {interval: 0s}\n"
    let issues = Documents.load(document).issues
    #expect(
      issues.map(\.summary) == [
        "3:19 pending-mechanism channels.team.type", "4:13 range reconcile.interval",
      ])
    #expect(issues.map(\.severity) == [.warning, .error])
  }
}
