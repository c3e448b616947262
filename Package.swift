// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Settings of every target of ours.
let base: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

/// Libraries also show each leak of a dependency (`public import`) and each undeclared member.
let library: [SwiftSetting] =
  base + [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]

extension Target.Dependency {
  static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
  static let crypto = product(name: "Crypto", package: "swift-crypto")
  static let grdb = product(name: "GRDB", package: "GRDB.swift")
  static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
  static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
  static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
  static let logging = product(name: "Logging", package: "swift-log")
  static let nioCore = product(name: "NIOCore", package: "swift-nio")
  static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
  static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
  static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
  static let serviceLifecycle = product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
  static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
  static let yams = product(name: "Yams", package: "Yams")
}

/// A library target; ArchitectureTests holds it to its layer.
func layer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: library)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: base)
}

/// The files of `examples/minimal`, which `kafclaw init` writes.
let scaffold = [
  "kafclaw.yaml", "README.md", "workspace/AGENTS.md", "workspace/SOUL.md", ".gitlab-ci.yml",
  ".github/workflows/kafclaw.yml", "hooks/pre-receive",
]

let package = Package(
  name: "kafclaw",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // L0: C
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CLibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CProcess"),
    .target(name: "CKeyring"),
    .target(name: "CSandbox"),
    // L1: vocabulary
    layer("ApplianceModel", []),
    // L2: ground
    layer("DurableIO", ["ApplianceModel"]),
    layer("SodiumCrypto", ["CSodium", "ApplianceModel", .crypto]),
    layer("DesiredState", ["ApplianceModel", .yams]),
    layer("GatewayAPI", ["ApplianceModel"]),
    layer("ControlAPI", ["ApplianceModel"]),
    // L3: mechanisms
    layer(
      "Backup",
      [
        "CZstd", "SodiumCrypto", "DurableIO", "ApplianceModel", .asyncHTTPClient, .nioCore,
        .nioHTTP1, .nioSSL, .crypto,
      ]),
    layer("GitSource", ["CLibgit2", "ApplianceModel"]),
    .target(
      name: "Guardrails", dependencies: ["ApplianceModel", "DesiredState"],
      exclude: ["Packs/cases"],
      resources: [.embedInCode("Packs/baseline.yaml"), .embedInCode("Packs/strict.yaml")],
      swiftSettings: library),
    layer("Provenance", ["SodiumCrypto", "ApplianceModel"]),
    layer("Planning", ["DesiredState", "DurableIO", "SodiumCrypto", "ApplianceModel"]),
    layer(
      "Supervision", ["CProcess", "ControlAPI", "DurableIO", "ApplianceModel", .logging]),
    layer("Sandbox", ["CSandbox", "DurableIO", "ApplianceModel"]),
    layer("ModelProviders", ["ApplianceModel", .asyncHTTPClient, .nioCore, .nioHTTP1]),
    layer(
      "Channels",
      ["GatewayAPI", "SodiumCrypto", "ApplianceModel", .asyncHTTPClient, .nioCore, .nioHTTP1]),
    layer("Policy", ["ApplianceModel"]),
    .target(
      name: "Skills",
      dependencies: ["CZlib", "DesiredState", "SodiumCrypto", "DurableIO", "ApplianceModel"],
      resources: [
        "channel-onboarding", "incident-comms", "session-logs", "summarize",
      ].map { .embedInCode("Bundled/\($0).md") },
      swiftSettings: library),
    layer("AuditLog", ["DurableIO", "SodiumCrypto", "ApplianceModel"]),
    layer("Tomb", ["CKeyring", "DurableIO", "SodiumCrypto", "ApplianceModel"]),
    layer("Timeline", ["ApplianceModel", "SodiumCrypto", .grdb]),
    // L4: act on the mechanisms
    layer(
      "Tools",
      ["Skills", "Sandbox", "DurableIO", "ApplianceModel", .asyncHTTPClient, .nioCore, .nioHTTP1]),
    layer(
      "Doctor",
      [
        "Tomb", "AuditLog", "Backup", "Guardrails", "GitSource", "Sandbox", "GatewayAPI",
        "ControlAPI", "DesiredState", "SodiumCrypto", "DurableIO", "ApplianceModel",
      ]),
    // L5: the two flows
    layer(
      "AgentRuntime",
      [
        "Tools", "ModelProviders", "Planning", "Supervision", "ControlAPI", "ApplianceModel",
        .logging,
      ]),
    layer(
      "Reconciliation",
      [
        "Tools", "Skills", "GitSource", "Provenance", "Guardrails", "Planning", "Policy",
        "Supervision", "AuditLog", "ControlAPI", "DesiredState", "SodiumCrypto", "DurableIO",
        "ApplianceModel",
      ]),
    // L6: HTTP
    layer(
      "Gateway",
      [
        "Channels", "Tomb", "GatewayAPI", "ControlAPI", "Planning", "Supervision", "DesiredState",
        "SodiumCrypto", "ApplianceModel", .hummingbird, .hummingbirdCore, .httpTypes, .nioCore,
        .nioHTTPTypes, .logging,
        .serviceLifecycle,
      ]),
    // L7: composition root
    layer(
      "Daemon",
      [
        "Gateway", "AgentRuntime", "Channels", "Doctor", "Tools", "Skills", "Policy",
        "Reconciliation",
        "Planning",
        "Timeline", "GitSource",
        "Provenance", "Sandbox", "Supervision", "AuditLog", "Backup", "Tomb", "ControlAPI",
        "DesiredState",
        "SodiumCrypto", "DurableIO",
        "ApplianceModel", .hummingbird, .httpTypes, .nioCore, .logging, .serviceLifecycle,
        .unixSignals,
      ]),
    // L8: command line
    .target(
      name: "ApplianceCommands",
      dependencies: [
        "Daemon", "Channels", "Doctor", "Policy", "Skills", "Timeline", "Reconciliation",
        "Provenance",
        "Guardrails",
        "Planning", "GitSource",
        "AuditLog", "Backup", "Tomb", "ControlAPI", "GatewayAPI", "SodiumCrypto", "DesiredState",
        "DurableIO", "ApplianceModel", .argumentParser,
        .asyncHTTPClient, .nioCore, .nioHTTP1,
      ],
      resources: scaffold.map { .embedInCode("Scaffold/\($0)") },
      swiftSettings: library),
    // L9: executable
    .executableTarget(
      name: "kafclaw", dependencies: ["ApplianceCommands"], swiftSettings: base,
      // Addresses of libraries are fixed before anything runs (full RELRO). Symbols that nobody
      // outside needs are left out: 6 MB.
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "--no-export-dynamic"])
      ]),
    // Tests: everything runs over the real thing; only the outside is replaced.
    .target(
      name: "TestSupport", dependencies: [.asyncHTTPClient, .nioCore, .nioHTTP1],
      path: "Tests/TestSupport", exclude: ["Servers"], swiftSettings: base),
    tests("ArchitectureTests", []),
    tests("ApplianceModelTests", ["ApplianceModel", "TestSupport"]),
    tests(
      "ProvenanceTests", ["Provenance", "SodiumCrypto", "ApplianceModel", "TestSupport"]),
    tests(
      "DesiredStateTests",
      ["ApplianceModel", "DesiredState", "DurableIO", "Guardrails", "TestSupport"],
      exclude: ["Corpus"]),
    tests("GuardrailsTests", ["ApplianceModel", "DesiredState", "Guardrails"]),
    tests("DurableIOTests", ["DurableIO", "ApplianceModel"]),
    tests(
      "AuditLogTests", ["AuditLog", "SodiumCrypto", "DurableIO", "ApplianceModel", "TestSupport"]),
    tests("TombTests", ["Tomb", "SodiumCrypto", "DurableIO", "ApplianceModel", "TestSupport"]),
    tests(
      "DoctorTests",
      [
        "Doctor", "Tomb", "AuditLog", "GitSource", "ControlAPI", "DesiredState", "SodiumCrypto",
        "DurableIO", "ApplianceModel", "TestSupport",
      ]),
    tests("TimelineTests", ["Timeline", "ApplianceModel", "TestSupport", .grdb]),
    tests("PolicyTests", ["Policy", "ApplianceModel", "TestSupport"]),
    tests("GitSourceTests", ["GitSource", "ApplianceModel", "TestSupport"]),
    tests(
      "FuzzTests",
      [
        "Provenance", "DesiredState", "Planning", "GatewayAPI", "SodiumCrypto", "DurableIO",
        "ApplianceModel", "TestSupport",
      ], exclude: ["Harness.swift"]),
    tests("FaultTests", ["TestSupport"], exclude: ["Shim"]),
    tests("SandboxTests", ["Sandbox", "ApplianceModel"]),
    tests("SkillsTests", ["Skills", "SodiumCrypto", "DurableIO", "ApplianceModel", "TestSupport"]),
    tests("ToolsTests", ["Tools", "Sandbox", "ApplianceModel", "TestSupport"]),
    tests(
      "PlanningTests",
      [
        "Planning", "DesiredState", "DurableIO", "SodiumCrypto", "ApplianceModel", "TestSupport",
      ]),
    tests(
      "ReconciliationTests",
      [
        "Reconciliation", "GitSource", "Planning", "Supervision", "ControlAPI", "DesiredState",
        "SodiumCrypto", "DurableIO", "ApplianceModel", "TestSupport",
      ]),
    tests(
      "AgentRuntimeTests",
      [
        "AgentRuntime", "Tools", "ModelProviders", "Planning", "Supervision", "DesiredState",
        "DurableIO", "ControlAPI", "ApplianceModel", .logging,
      ]),
    tests("ControlAPITests", ["ControlAPI", "ApplianceModel", "TestSupport"]),
    tests(
      "BackupTests",
      ["Backup", "SodiumCrypto", "DurableIO", "ApplianceModel", "TestSupport", .nioCore],
      exclude: ["reader.py"]),
    tests(
      "SupervisionTests", ["Supervision", "ControlAPI", "ApplianceModel", "TestSupport", .logging]),
    tests(
      "GatewayTests",
      [
        "Gateway", "Channels", "GatewayAPI", "Supervision", "ControlAPI", "Planning",
        "SodiumCrypto", "ApplianceModel", .hummingbird, .httpTypes, .nioCore, .nioEmbedded,
        .nioHTTPTypes, .logging,
      ]),
    tests("ChannelsTests", ["Channels", "SodiumCrypto", "ApplianceModel", "TestSupport"]),
    tests("ModelProvidersTests", ["ModelProviders", "ApplianceModel", "TestSupport"]),
    tests(
      "DaemonTests",
      [
        "Daemon", "Reconciliation", "Timeline", "Policy", "Tools", "Sandbox", "AuditLog", "Backup",
        "Tomb", "Planning", "Supervision", "ControlAPI", "DesiredState", "SodiumCrypto",
        "DurableIO", "ApplianceModel", "TestSupport", .logging,
      ]),
    tests(
      "ApplianceTests",
      [
        "kafclaw", "ApplianceModel", "TestSupport", .asyncHTTPClient, .crypto, .nioCore, .nioHTTP1,
      ]),
  ]
)
