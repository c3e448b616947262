// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import ArgumentParser
import Daemon
import Glibc

/// `kafclaw`.
public struct KafclawCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "kafclaw",
    abstract: "A declarative appliance for AI-agent gateways.",
    discussion: """
      The desired state stands in a git repository; secrets stay in the environment \
      or the tomb. \
      `kafclaw run` keeps the appliance as the repository says.
      """,
    version: ApplianceVersion.current,
    subcommands: [
      InitCommand.self, SetupCommand.self, ValidateCommand.self, SchemaCommand.self,
      ApplyCommand.self, RunCommand.self, ReconcileCommand.self, StatusCommand.self,
      HistoryCommand.self,
      RollbackCommand.self, SuspendCommand.self, ResumeCommand.self, SourceCommand.self,
      DoctorCommand.self, SecurityCommand.self, TombCommand.self, TokenCommand.self,
      AuditCommand.self, BackupCommand.self, ConfigCommand.self, AccessCommand.self,
      ApprovalsCommand.self, ChannelsCommand.self, SkillsCommand.self, PairingCommand.self,
      IncidentCommand.self,
      StopCommand.self,
      StartCommand.self, AlertsCommand.self,
      ChatCommand.self, DashboardCommand.self,
      ComponentCommand.self,
    ])

  public init() {}

  /// Before there is a second thread: a component gives up what it has no use for.
  public static func confine(_ arguments: [String]) {
    do { try ComponentBorders.draw(arguments) } catch {
      Output.failure(ApplianceError.of(error))
      Glibc.exit(1)
    }
  }

  /// Parses the arguments, runs the command, and ends the process: usage errors with 64, failures
  /// with their own code.
  public static func runAndExit() async -> Never {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(0)
    } catch let exit as CommandExit {
      Glibc.exit(exit.code)
    } catch let error as ApplianceError {
      Output.failure(error)
      Glibc.exit(CommandExit.code(of: error))
    } catch {
      exit(withError: error)
    }
  }
}

/// Ends a command whose output says everything, with a code.
struct CommandExit: Error {
  let code: Int32

  /// 5 for a plan that does not fit, 6 for a lock that somebody holds, 7 for a source that cannot be
  /// read or trusted, 10 for what is held, else 1.
  static func code(of error: ApplianceError) -> Int32 {
    switch error.code.rawValue {
    case "io.lock-held": 6
    case "plan.stale", "plan.unreadable": 5
    case "reconciler.suspended", "reconciler.pinned", "reconciler.quarantined",
      "incident.standstill":
      10
    case let code
    where ["source.", "git.", "trust.", "provenance."].contains(where: code.hasPrefix):
      7
    default: 1
    }
  }
}
