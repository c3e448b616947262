// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

/// The rules find what is planted, so that the architecture test can fail.
struct ImportRulesTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let target: String
    let line: String
    let reason: String

    var testDescription: String { "\(target): \(line)" }
  }

  @Test(arguments: [
    Case(target: "Timeline", line: "import Gateway", reason: "strictly downwards"),
    Case(target: "Timeline", line: "import Policy", reason: "strictly downwards"),
    Case(target: "DesiredState", line: "import DurableIO", reason: "strictly downwards"),
    Case(target: "Planning", line: "  public import Daemon", reason: "strictly downwards"),
    Case(target: "Planning", line: "package import Tools", reason: "strictly downwards"),
    Case(target: "Planning", line: "@testable import Tools", reason: "strictly downwards"),
    Case(target: "Planning", line: "@_spi(Inside) import Tools", reason: "strictly downwards"),
    Case(target: "Planning", line: "import struct Tools.Tool", reason: "strictly downwards"),
    Case(target: "Planning", line: "import Swift; import Tools", reason: "strictly downwards"),
    Case(
      target: "Planning", line: "@preconcurrency internal import Tools",
      reason: "strictly downwards"),
    Case(target: "Elsewhere", line: "import ApplianceModel", reason: "no layer"),
    Case(target: "Gateway", line: "import GRDB", reason: "belongs to Timeline"),
    Case(target: "Timeline", line: "import CSodium", reason: "belongs to SodiumCrypto"),
    Case(target: "Reconciliation", line: "import CLibgit2", reason: "belongs to GitSource"),
    Case(target: "Daemon", line: "import CProcess", reason: "belongs to Supervision"),
    Case(target: "Tools", line: "import CSandbox", reason: "belongs to Sandbox"),
    Case(target: "Timeline", line: "import CZstd", reason: "belongs to Backup"),
    Case(target: "Guardrails", line: "import Yams", reason: "belongs to DesiredState"),
    Case(target: "Guardrails", line: "import CYaml", reason: "belongs to DesiredState"),
    Case(target: "ControlAPI", line: "import Hummingbird", reason: "belongs to Daemon, Gateway"),
    Case(target: "Tools", line: "import HummingbirdCore", reason: "belongs to Daemon, Gateway"),
    Case(target: "Doctor", line: "import NIOCore", reason: "speaks HTTP"),
    Case(target: "Tools", line: "import HTTPTypes", reason: "belongs to Daemon, Gateway"),
    Case(target: "Daemon", line: "import ArgumentParser", reason: "belongs to ApplianceCommands"),
    Case(target: "Daemon", line: "import AsyncHTTPClient", reason: "belongs to ApplianceCommands"),
    Case(target: "Timeline", line: "import ServiceLifecycle", reason: "belongs to AgentRuntime"),
    Case(target: "Daemon", line: "import Dispatch", reason: "belongs to ControlAPI"),
    Case(target: "DurableIO", line: "import Logging", reason: "layer 3 and above"),
    Case(target: "Timeline", line: "import Crypto", reason: "belongs to Backup, SodiumCrypto"),
    Case(target: "Timeline", line: "import CryptoExtras", reason: "no owner"),
    Case(target: "SodiumCrypto", line: "public import CSodium", reason: "is C"),
    Case(target: "SodiumCrypto", line: "package import CSodium", reason: "is C"),
    Case(target: "SodiumCrypto", line: "@_exported import CSodium", reason: "is C"),
    Case(target: "DesiredState", line: "public import CYaml", reason: "is C"),
  ])
  func findsForbiddenImport(planted: Case) {
    let found = violations(target: planted.target, "// header\n\n\(planted.line)\n")
    #expect(found.count == 1)
    #expect(found.first?.line == 3)
    #expect(found.first?.file == "Sources/Planted.swift")
    #expect(found.first?.reason.contains(planted.reason) == true, "\(found)")
  }

  @Test(arguments: [
    ("ApplianceModel", "import Synchronization"),
    ("ApplianceModel", "public import FoundationEssentials"),
    ("SodiumCrypto", "import CSodium"),
    ("DesiredState", "import CYaml"),
    ("DesiredState", "import Yams"),
    ("GitSource", "import CLibgit2"),
    ("Supervision", "import CProcess"),
    ("Sandbox", "import CSandbox"),
    ("Timeline", "import GRDB"),
    ("Timeline", "public import ApplianceModel"),
    ("Timeline", "import Logging"),
    ("Guardrails", "package import DesiredState"),
    ("ControlAPI", "import AsyncHTTPClient"),
    ("ControlAPI", "import Dispatch"),
    ("Gateway", "import struct Hummingbird.Router"),
    ("Daemon", "import NIOPosix"),
    ("Daemon", "@preconcurrency import ServiceLifecycle"),
    ("ApplianceCommands", "import ArgumentParser"),
    ("kafclaw", "import ApplianceCommands"),
    ("Timeline", "// import Gateway"),
    ("Timeline", "/* import Gateway */"),
    ("Timeline", "let text = \"\"\"\n  import Gateway\n  \"\"\""),
    ("Timeline", "let important = 1"),
    ("Timeline", "/// We import Gateway nowhere."),
  ])
  func admitsAllowedImport(target: String, line: String) {
    #expect(violations(target: target, line).isEmpty)
  }

  @Test func everyLayerMayImportEveryLowerLayerAndNoOther() {
    for layer in LayerTable.layers where layer.level > 0 {
      for other in LayerTable.layers where other.level > 0 {
        for (target, module) in product(layer.targets, other.targets) {
          let found = violations(target: target, "import \(module)")
          #expect(found.isEmpty == (other.level < layer.level), "\(target) imports \(module)")
        }
      }
    }
  }

  private func violations(target: String, _ source: String) -> [Violation] {
    SourceRules.violations(target: target, file: "Sources/Planted.swift", source: source)
  }

  private func product(_ left: Set<String>, _ right: Set<String>) -> [(String, String)] {
    left.flatMap { first in right.map { (first, $0) } }
  }
}
