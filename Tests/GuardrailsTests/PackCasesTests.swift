// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import Testing

@testable import Guardrails

/// The built-in packs against the cases of `policies/cases/`.
struct PackCasesTests {
  static let packs = ["baseline", "strict"]

  /// Rules that no state breaks once it loads: the loader refuses it first.
  static let unreachable: Set<String> = ["gateway-token"]

  @Test(arguments: PackCasesTests.packs)
  func rulesJudgeTheCasesAsStated(pack: String) throws {
    let evaluator = try GuardrailEvaluator(packs: [pack])
    for example in try Policies.cases(of: pack) {
      let effective = try example.load().spec.effective
      let findings = evaluator.evaluate(effective).filter { $0.id == example.rule }
      #expect(findings.map(\.pack).allSatisfy { $0 == pack })
      #expect(Policies.worst(findings) == example.result.rawValue, "\(pack): \(example.name)")
    }
  }

  @Test(arguments: PackCasesTests.packs)
  func everyRuleHasAViolatingAndAPassingCase(pack: String) throws {
    let cases = try Policies.cases(of: pack)
    for rule in try Policies.pack(pack).rules {
      let results = Set(cases.filter { $0.rule == rule.id }.map(\.result))
      #expect(results.contains(.pass), "\(pack): \(rule.id) has no passing case")
      let violation: CaseResult = rule.severity == .deny ? .deny : .warn
      #expect(
        results.contains(violation) != PackCasesTests.unreachable.contains(rule.id),
        "\(pack): \(rule.id) has no violating case")
    }
  }

  @Test(arguments: PackCasesTests.packs)
  func everyCaseSpeaksOfARule(pack: String) throws {
    let rules = try Policies.pack(pack).rules.map(\.id)
    let cases = try Policies.cases(of: pack)
    #expect(cases.map(\.rule).filter { !rules.contains($0) } == [])
    #expect(cases.count == Set(cases.map { "\($0.rule): \($0.name)" }).count)
  }

  @Test(arguments: PackCasesTests.packs)
  func packIsNamedLikeItsFileAndItsRulesAreUnique(name: String) throws {
    let pack = try Policies.pack(name)
    #expect(pack.pack == name)
    #expect(Set(pack.rules.map(\.id)).count == pack.rules.count)
    #expect(pack.rules.allSatisfy { !$0.require.isEmpty && !$0.remedy.isEmpty })
  }

  @Test func programHoldsThePacksOfTheFolder() throws {
    let baseline = try Policies.bytes("baseline.yaml")
    let strict = try Policies.bytes("strict.yaml")
    #expect(PackageResources.baseline_yaml == baseline)
    #expect(PackageResources.strict_yaml == strict)
    let files = try Policies.files()
    #expect(files == BuiltInPacks.names.map { "\($0).yaml" })
  }

  @Test func packWithoutANameIsRefused() {
    let error = #expect(throws: ApplianceError.self) {
      try GuardrailEvaluator(packs: ["baseline", "air-tight"])
    }
    #expect(error?.code == .guardrailUnknown)
    #expect(error?.message.contains("air-tight") == true)
  }
}

/// The folder `policies/`.
enum Policies {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "policies")

  static func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { $0.hasSuffix(".yaml") }
  }

  static func bytes(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: file)))
  }

  static func pack(_ name: String) throws -> GuardrailPack {
    try .read(bytes("\(name).yaml"), file: "\(name).yaml")
  }

  static func cases(of name: String) throws -> [PackCase] {
    let file = "cases/\(name).yaml"
    let (section, issues) = SpecFile.read(PackCases.self, try bytes(file), file: file)
    #expect(issues.map(\.description) == [])
    let cases = try #require(section)
    #expect(cases.pack == name)
    return cases.cases
  }

  /// The gravest result; `nil` of no findings.
  static func worst(_ findings: [GuardrailFinding]) -> String? {
    let results = findings.map(\.result.rawValue)
    return ["deny", "warn", "pass"].first { results.contains($0) }
  }
}
