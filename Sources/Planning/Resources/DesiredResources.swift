// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DesiredState
public import DurableIO
import SodiumCrypto

/// The resources that a desired state asks for on one host. Pure.
public struct DesiredResources: Sendable {
  private let state: LoadedState
  private let paths: AppliancePaths

  public init(_ state: LoadedState, paths: AppliancePaths) {
    self.state = state
    self.paths = paths
  }

  public var all: [Resource] {
    modes + secrets + workspace + senders + skills + [tools, configuration, gateway, agent]
  }

  /// Folders are private to the service user, files too.
  private var modes: [Resource] {
    // The service manager keeps a runtime folder that lies elsewhere.
    let runtime = paths.isSystem ? [] : ["run"]
    let folders = ([""] + runtime + ["reconciler"]).map { name in
      Resource(.modes, ModeTarget.folder(name).name, ["mode": "0700"])
    }
    let files = ["timeline.db"].map { name in
      Resource(.modes, ModeTarget.file(name).name, ["mode": "0600"])
    }
    return folders + files
  }

  /// Every reference must resolve; whether it does is all a plan knows.
  private var secrets: [Resource] {
    let providers = AgentProviders.used(state.spec).compactMap { state.spec.providers[$0]?.apiKey }
    let channels = GatewayChannels.secrets(state.spec).values.flatMap(\.values)
    let alerts = state.spec.appliance.escalation.compactMap { $0.webhook?.secret }
    let references = Set(
      [state.spec.gateway.auth.token].compactMap { $0 } + providers + channels + alerts)
    return references.sorted { $0.description < $1.description }.map {
      Resource(.secret, $0.description, ["present": true])
    }
  }

  private var workspace: [Resource] {
    let modes = paths.sharedFileModes
    return state.workspace.map { path, file in
      Resource(
        .workspace, path,
        [
          "digest": .string(SHA256.digest(file.bytes).rawValue),
          "mode": .string(PrivateFolder.octal(file.isExecutable ? modes.program : modes.file)),
        ])
    }
  }

  private var senders: [Resource] {
    let rules = AccessRules(state.spec)
    let channels = rules.channels.map { name, channel in
      Resource(.senders, name, AccessFields.of(channel))
    }
    return channels + [Resource(.senders, SenderResource.tiers, AccessFields.tiers(rules))]
  }

  /// Bundled ones change with the program alone.
  private var skills: [Resource] {
    DesiredSkills.of(state).compactMap { skill in
      skill.digest.map { Resource(.skill, skill.name, ["digest": .string($0.rawValue)]) }
    }
  }

  private var tools: Resource {
    Resource(
      .tools, ToolResource.policy, AccessFields.of(AccessRules(state.spec).tools))
  }

  private var configuration: Resource {
    Resource(
      .configuration, "config.json",
      [
        "digest": .string(SHA256.digest(RenderedConfiguration.bytes(of: state)).rawValue),
        "mode": "0600",
      ])
  }

  private var gateway: Resource {
    component(.gateway, GatewaySettings(spec: state.spec).json)
  }

  private var agent: Resource {
    component(.agent, AgentSettings(spec: state.spec, paths: paths).json)
  }

  private func component(_ name: ComponentName, _ settings: JSONValue) -> Resource {
    var fields = settings.objectValue ?? [:]
    fields["state"] = "running"
    return Resource(.component, name.rawValue, fields)
  }
}

/// How the `modes` kind names what it speaks of.
public enum ModeTarget {
  case folder(String)
  case file(String)

  /// `.` stands for the state home itself; folders end in a slash.
  public var name: String {
    switch self {
    case .folder(let path): path.isEmpty ? "./" : path + "/"
    case .file(let path): path
    }
  }
}

/// How the `senders` kind names the tiers beside the channels; no channel can have this name.
public enum SenderResource {
  public static let tiers = "tiers:"
}

/// How the `tools` kind names its one resource.
public enum ToolResource {
  public static let policy = "policy"
}

/// `config.json`: the effective configuration as people and backups read it, secrets as references.
public enum RenderedConfiguration {
  public static func bytes(of state: LoadedState) -> [UInt8] {
    CanonicalJSON.bytes(state.effective) + [UInt8(ascii: "\n")]
  }
}
