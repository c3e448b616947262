// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import GitSource
import Reconciliation

/// `kafclaw config`.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Ask about effective values.", subcommands: [Why.self])

  /// `kafclaw config why`.
  struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "why", abstract: "Show a value and where it comes from.",
      discussion: """
        Without --path: the state that is applied, or else the configured source.
        """)

    private struct Answer: Encodable {
      let formatVersion = 1
      let key: String
      let value: JSONValue
      let origin: String
      let commit: String?
    }

    @Argument(help: "Field, as in gateway.port.")
    var key: String

    @Option(help: "Folder with kafclaw.yaml, or a bare git repository.")
    var path: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try options.paths
      let (state, commit) = try await StateArgument.loaded(path, paths)
      guard let (value, origin) = state.origin(of: key) else {
        throw ApplianceError(
          .malformed, "\(Quoted(key)) has no value", hint: "kafclaw schema lists the fields")
      }
      if options.format == .json {
        let answer = Answer(key: key, value: value, origin: origin.description, commit: commit)
        return try Output.json(answer)
      }
      let revision = commit.map { " (commit \($0.prefix(12)))" } ?? ""
      Output.line("\(key) = \(CanonicalJSON.text(value))")
      Output.line("  from \(origin)\(revision)")
    }
  }
}
