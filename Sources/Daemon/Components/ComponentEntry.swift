// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AgentRuntime
import ApplianceModel
import ControlAPI
import DurableIO
import Gateway
import Glibc
import Logging
import Reconciliation
import Supervision

/// `kafclaw component ROLE`: the processes that the supervisor starts.
public enum ComponentEntry {
  /// The first thing in a component's process, after ``ComponentBorders/draw(_:)``.
  ///
  /// A `tool` process may run an engine whose helpers are set-user-id: it gives up privileges for
  /// what runs inside the sandbox, not for the engine.
  ///
  /// - Parameter supervisor: Who started it; `nil` for one that is attached to a socket.
  /// - Throws: When the process was not started by a supervisor, or as root.
  public static func prepare(supervisor: Int32?, role: String) throws {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    let inherited = umask(0o077)
    // What agent and commands make is for the group that shares their folders, where the service
    // manager says so.
    if role != "gateway", inherited & 0o007 == 0o007 { umask(inherited) }
    if let supervisor {
      try ComponentProcess.bind(to: supervisor, mayGainPrivileges: role == "tool")
    } else {
      try ComponentProcess.bindToConnection()
    }
  }

  /// Runs until the supervisor says exit or is gone.
  ///
  public static func run(role: String) async throws {
    // The supervisor decides when a component ends; a terminal's Ctrl-C reaches the whole group.
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    let logger = LogBootstrap.logger(role)
    switch role {
    case "gateway":
      let link = ComponentProcess.open(role: role)
      await GatewayService(
        link: link, logger: logger, ports: Set(ComponentBorders.folders.compactMap { UInt16($0) }),
        confinement: ComponentBorders.current
      ).run()
    case "agent":
      let link = ComponentProcess.open(role: role)
      await AgentService(
        link: link, logger: logger, folders: ComponentBorders.folders,
        confinement: ComponentBorders.current
      ).run()
    case "source":
      await serveSource()
    case "tool":
      await serveTool()
    case "tools":
      await ToolHostProcess.serve()
    default:
      throw ApplianceError(.malformed, "there is no component \"\(role)\"")
    }
  }

  private static func serveSource() async {
    let link = Link<SourceRequest, SourceReply, SourceRequest, SourceReply>(
      owning: componentLinkDescriptor, name: "source")
    // Blocking is fine here: the process has nothing else to do.
    await link.run { try SourceWorker.answer($0) }
  }
}

extension ComponentEntry {
  fileprivate static func serveTool() async {
    let link = Link<ToolOrder, ToolReply, ToolOrder, ToolReply>(
      owning: componentLinkDescriptor, name: "tool")
    ComponentProcess.adoptOrphans()
    await link.run { try ToolWorker.answer($0) }
  }
}

/// Log lines on standard error, for the service manager to keep.
public enum LogBootstrap {
  /// Level from `KAFCLAW_LOG_LEVEL`, which defaults to `info`; lines for programs where
  /// `KAFCLAW_LOG_FORMAT` is `json`.
  static func logger(_ label: String) -> Logger {
    let isJSON = ProcessEnvironment.value(of: "KAFCLAW_LOG_FORMAT") == "json"
    var logger = Logger(label: "kafclaw.\(label)") { label -> any LogHandler in
      if isJSON { return JSONLogHandler(label: label) }
      return StreamLogHandler.standardError(label: label)
    }
    let level = ProcessEnvironment.value(of: "KAFCLAW_LOG_LEVEL").flatMap {
      Logger.Level(rawValue: $0)
    }
    logger.logLevel = level ?? .info
    return logger
  }
}
