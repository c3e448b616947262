// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The layers of the product. A target imports targets of lower layers only, never one beside it.
enum LayerTable {
  struct Layer: Sendable {
    let level: Int
    let purpose: String
    let targets: Set<String>
  }

  static let layers = [
    Layer(
      level: 0, purpose: "C",
      targets: ["CSodium", "CLibgit2", "CKeyring", "CProcess", "CSandbox", "CZlib", "CZstd"]),
    Layer(level: 1, purpose: "vocabulary", targets: ["ApplianceModel"]),
    Layer(
      level: 2, purpose: "ground",
      targets: ["DurableIO", "SodiumCrypto", "DesiredState", "GatewayAPI", "ControlAPI"]),
    Layer(
      level: 3, purpose: "mechanisms",
      targets: [
        "AuditLog", "Backup", "Channels", "GitSource", "Guardrails", "ModelProviders",
        "Observability", "Planning", "Policy", "Provenance", "Sandbox", "Skills", "Supervision",
        "Timeline",
        "Tomb",
      ]),
    Layer(level: 4, purpose: "act on and examine the mechanisms", targets: ["Tools", "Doctor"]),
    Layer(
      level: 5, purpose: "the two flows of the product",
      targets: ["AgentRuntime", "Reconciliation"]),
    Layer(level: 6, purpose: "HTTP", targets: ["Gateway"]),
    Layer(level: 7, purpose: "composition root", targets: ["Daemon"]),
    Layer(level: 8, purpose: "command line", targets: ["ApplianceCommands"]),
    Layer(level: 9, purpose: "executable", targets: ["kafclaw"]),
  ]

  /// The layer of a target of ours, nil for a module from elsewhere.
  static func level(of target: String) -> Int? {
    layers.first { $0.targets.contains(target) }?.level
  }

  /// Modules of the toolchain and the C library, open to every target.
  static let platform: Set<String> = [
    "Foundation", "FoundationEssentials", "Glibc", "Swift", "Synchronization",
  ]

  /// Whether a module is C, so that its types must not show in an interface of ours.
  static func isC(_ module: String) -> Bool {
    module == "CYaml" || level(of: module) == 0
  }
}
