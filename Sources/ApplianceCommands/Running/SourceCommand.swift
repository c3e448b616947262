// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Foundation
import Provenance
import Reconciliation

/// `kafclaw source`.
struct SourceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "source", abstract: "What this host accepted of its repository, and rewinds.",
    subcommands: [Show.self, Statement.self, Accept.self])

  /// `kafclaw source show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show the newest commit that this host accepted.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      guard let trust = try SourceTrustFiles(try options.paths).read() else {
        throw ApplianceError(
          .nothingAccepted, "this host has accepted no commit yet", hint: "kafclaw run")
      }
      guard options.format != .json else { return try Output.json(trust) }
      Output.line("accepted \(trust.accepted), the \(trust.count). record")
      if let floor = trust.floor { Output.line("settled  \(floor)") }
    }
  }

  /// `kafclaw source statement`.
  struct Statement: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "statement", abstract: "Write the statement that allows one rewind.",
      discussion: """
        Sign it with a key that has the role emergency: ssh-keygen -Y sign -n emergency@kafclaw \
        -f KEY FILE. It works once, for these two commits, until it expires.
        """)

    @Option(help: "The commit to go to: all 40 digits.")
    var to: String

    @Option(help: "When it expires: a UTC time, or a duration such as 4h.")
    var until = "24h"

    @Option(help: "File to write (default: standard output).")
    var file: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try options.paths
      let source = try Bootstrap.require(paths).source
      guard let trust = try SourceTrustFiles(paths).read(), CommitID(to) != nil else {
        throw ApplianceError(
          .nothingAccepted, "there is nothing to rewind, or \(Quoted(to)) is not a commit id",
          hint: "kafclaw source show")
      }
      let statement = EmergencyStatement(
        repository: source.repository, branch: source.branch, from: trust.accepted, to: to,
        notAfter: try HoldTime.date(until))
      guard let file else {
        return Output.text(String(decoding: statement.signedBytes, as: UTF8.self))
      }
      try DurableFile.replace(file, with: statement.signedBytes, mode: 0o644)
    }
  }

  /// `kafclaw source accept`.
  struct Accept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "accept", abstract: "Allow the branch to be somewhere else, once.",
      discussion: """
        With verify: signatures: --statement FILE and --signature FILE.sig (see `kafclaw source \
        statement`). With verify: none: --commit and --reason.
        """)

    @Option(help: "The statement that was signed.")
    var statement: String?

    @Option(help: "Its signature, as ssh-keygen -Y sign writes it.")
    var signature: String?

    @Option(help: "The commit to go to: all 40 digits.")
    var commit: String?

    @Option(help: "Why; recorded.")
    var reason: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
      let isSigned = statement != nil && signature != nil
      let isDecided = commit != nil && reason?.isEmpty == false
      guard isSigned != isDecided else {
        throw ValidationError("give --statement and --signature, or --commit and --reason")
      }
    }

    func run() async throws {
      let paths = try options.paths
      let acceptance = try acceptance()
      let trust: SourceTrust
      if let client = try ControlClient.ofRunningAppliance(paths) {
        trust = try await client.post(ControlRoutes.accept, acceptance, as: SourceTrust.self)
      } else {
        let bootstrap = try Bootstrap.require(paths)
        let stopped = try Stopped.appliance(paths, bootstrap)
        trust = try await stopped.locked("kafclaw source accept") { reconciler in
          try await acceptance.requireTip(bootstrap) { try await stopped.tip() }
          return try await reconciler.changeTrust {
            try acceptance.apply(to: $0, bootstrap, at: Date())
          }
        }
      }
      guard options.format != .json else { return try Output.json(trust) }
      Output.line("the branch may be at \(trust.accepted) from now on")
    }

    private func acceptance() throws -> SourceAcceptance {
      if let statement, let signature {
        return .statement(
          bytes: try DurableFile.read(statement, limit: 64 << 10),
          signature: try DurableFile.read(signature, limit: 64 << 10))
      }
      return .operatorDecision(commit: commit ?? "", reason: reason ?? "")
    }
  }
}

extension ApplianceError.Code {
  /// This host follows no commit yet.
  static let nothingAccepted = Self("trust.nothing-accepted")
}
