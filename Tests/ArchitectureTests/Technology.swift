// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A technology from outside and the targets that may import it.
struct Technology: Sendable {
  enum Users: Sendable {
    case targets(Set<String>)
    case layers(from: Int)
  }

  /// Module names. A trailing `*` stands for any ending.
  let modules: [String]
  let users: Users
  let reason: String

  func includes(_ module: String) -> Bool {
    modules.contains { name in
      name.hasSuffix("*") ? module.hasPrefix(name.dropLast()) : module == name
    }
  }

  func admits(_ target: String) -> Bool {
    switch users {
    case .targets(let names): names.contains(target)
    case .layers(let lowest): LayerTable.level(of: target).map { $0 >= lowest } ?? false
    }
  }

  var owners: String {
    switch users {
    case .targets(let names): names.sorted().joined(separator: ", ")
    case .layers(let lowest): "layer \(lowest) and above"
    }
  }
}

extension LayerTable {
  static let technologies = [
    Technology(
      modules: ["CSodium"], users: .targets(["SodiumCrypto"]),
      reason: "keys and buffers of libsodium are handled in one place"),
    Technology(
      modules: ["Crypto"], users: .targets(["Backup", "SodiumCrypto"]),
      reason:
        "hashes of public bytes are made in one place, signatures of requests where they are sent"),
    Technology(
      modules: ["CLibgit2"], users: .targets(["GitSource"]),
      reason: "pointers of libgit2 are freed where they were made"),
    Technology(
      modules: ["CProcess"], users: .targets(["Supervision"]),
      reason: "one target starts and ends processes"),
    Technology(
      modules: ["CSandbox"], users: .targets(["Sandbox"]),
      reason: "one target asks the kernel for confinement"),
    Technology(
      modules: ["CKeyring"], users: .targets(["Tomb"]),
      reason: "the kernel keeps keys of the tomb only"),
    Technology(
      modules: ["CZstd"], users: .targets(["Backup"]),
      reason: "only backups are compressed"),
    Technology(
      modules: ["CZlib"], users: .targets(["Skills"]),
      reason: "only archives of skills are unpacked"),
    Technology(
      modules: ["GRDB", "GRDBSQLite"], users: .targets(["Timeline"]),
      reason: "one target knows SQL, so that the engine can be replaced"),
    Technology(
      modules: ["CYaml", "Yams"], users: .targets(["DesiredState"]),
      reason: "YAML is read once and becomes types"),
    Technology(
      modules: ["HTTPTypes", "Hummingbird*"], users: .targets(["Gateway", "Daemon"]),
      reason: "the gateway and the control socket are the only servers"),
    Technology(
      modules: ["NIO*"],
      users: .targets([
        "Backup", "Channels", "Gateway", "Daemon", "ApplianceCommands", "ModelProviders", "Tools",
      ]),
      reason: "buffers and channels belong to whoever speaks HTTP"),
    Technology(
      modules: ["ArgumentParser"], users: .targets(["ApplianceCommands", "kafclaw"]),
      reason: "arguments are the command line's business"),
    Technology(
      modules: ["AsyncHTTPClient"],
      users: .targets([
        "ApplianceCommands", "Backup", "Channels", "ControlAPI", "ModelProviders", "Tools",
      ]),
      reason: "each client speaks its own protocol, nothing else opens connections"),
    Technology(
      modules: ["ServiceLifecycle", "UnixSignals"],
      users: .targets(["AgentRuntime", "Daemon", "Gateway", "Reconciliation", "Supervision"]),
      reason: "loops that live as long as the process are services"),
    Technology(
      modules: ["Dispatch"], users: .targets(["ControlAPI", "Supervision"]),
      reason: "a queue stands only where a call on a descriptor blocks"),
    Technology(
      modules: ["Logging"], users: .layers(from: 3),
      reason: "vocabulary and ground return errors, they do not log them"),
  ]
}
