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
    modes + secrets + workspace + senders + [configuration, gateway, agent]
  }

  /// Folders are private to the service user, files too.
  private var modes: [Resource] {
    let folders = ["", "run", "reconciler"].map { name in
      Resource(.modes, ModeTarget.folder(name).name, ["mode": "0700"])
    }
    let files = ["timeline.db"].map { name in
      Resource(.modes, ModeTarget.file(name).name, ["mode": "0600"])
    }
    return folders + files
  }

  /// Every reference must resolve; whether it does is all a plan knows.
  private var secrets: [Resource] {
    guard let token = state.spec.gateway.auth.token else { return [] }
    return [Resource(.secret, token.description, ["present": true])]
  }

  private var workspace: [Resource] {
    state.workspace.map { path, file in
      Resource(
        .workspace, path,
        [
          "digest": .string(SHA256.digest(file.bytes).rawValue),
          "mode": .string(file.isExecutable ? "0700" : "0600"),
        ])
    }
  }

  private var senders: [Resource] {
    let channels = state.spec.channels.map { name, channel in
      Resource(
        .senders, name,
        [
          "policy": .string(channel.dmPolicy.rawValue),
          "allow": .array(channel.allow.sorted().map { .string($0.text) }),
        ])
    }
    let tiers = Resource(
      .senders, SenderResource.tiers,
      [
        "owners": .array(state.spec.senders.owners.sorted().map { .string($0.text) }),
        "internal": .array(state.spec.senders.internal.sorted().map { .string($0.text) }),
      ])
    return channels + [tiers]
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

/// `config.json`: the effective configuration as people and backups read it, secrets as references.
public enum RenderedConfiguration {
  public static func bytes(of state: LoadedState) -> [UInt8] {
    CanonicalJSON.bytes(state.effective) + [UInt8(ascii: "\n")]
  }
}
