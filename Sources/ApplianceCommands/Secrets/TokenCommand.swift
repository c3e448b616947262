// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import DesiredState
import Foundation
import Tomb

/// `kafclaw token`.
struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make and end the tokens of the gateway's clients.",
    discussion: """
      A token is shown once; the tomb keeps a keyed hash of it. What is changed takes effect at \
      once in a running appliance. The client `gateway` is the one of gateway.auth.token: once it \
      has a token that was made here, the one that the desired state names is not accepted any more.
      """,
    subcommands: [
      Generate.self, Rotate.self, Revoke.self, Verify.self, List.self,
    ])

  /// `kafclaw token generate`.
  struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "generate", abstract: "Make a client and its token, and show it once.")

    @Argument(help: "Name of the client.")
    var name = ClientToken.sharedName

    @Option(
      help: """
        What it may do: chat, read (status), operate (ask for a pass, decide about waiting calls, contain on the dashboard), scrape (metrics); again for \
        more. Default: chat and read.
        """, transform: { try CommandTokens.scope($0) })
    var scope: [TokenScope] = []

    @Option(help: "When it ends: a UTC time, or a duration such as 90d. Default: never.")
    var expires: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let scopes = scope.isEmpty ? TokenScope.shared : Swift.Set(scope)
      let end = try expires.map { try HoldTime.date($0) }
      let token = try CommandTokens.change(options, "generate", name) {
        try $0.generate(name, scopes: scopes, expires: end, at: Date())
      }
      try await CommandTokens.show(token, of: name, options)
    }
  }

  /// `kafclaw token rotate`.
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate", abstract: "Give a client another token, and show it once.",
      discussion: """
        The former token is refused at once, or after --overlap. Of the client `gateway` that is \
        also the token which gateway.auth.token names: it is never accepted again.
        """)

    @Argument(help: "Name of the client.")
    var name = ClientToken.sharedName

    @Option(help: "How long the former token is still accepted, such as 1h.")
    var overlap = "0s"

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let overlap = try HoldTime.duration(overlap)
      let token = try CommandTokens.change(options, "rotate", name) {
        try $0.rotate(name, overlap: overlap, at: Date())
      }
      try await CommandTokens.show(token, of: name, options)
    }
  }

  /// `kafclaw token revoke`.
  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke", abstract: "End a client: none of its tokens is accepted any more.")

    @Argument(help: "Name of the client.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try CommandTokens.change(options, "revoke", name) { try $0.revoke(name, at: Date()) }
      try await CommandTokens.makeEffective(options)
      guard options.format != .json else {
        return try Output.json(members: ["revoked": .string(name)])
      }
      Output.line("\(name) is revoked")
    }
  }
}

/// The tokens of a command.
enum CommandTokens {
  /// - Throws: A usage error.
  static func scope(_ word: String) throws -> TokenScope {
    guard let scope = TokenScope(rawValue: word) else {
      let words = TokenScope.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(Quoted(word)) is not one of \(words)")
    }
    return scope
  }

  static func store(_ options: GlobalOptions) throws -> TokenStore {
    TokenStore(try CommandTomb.store(options))
  }

  /// Changes the tokens: recorded before, and how it ended.
  static func change<Value>(
    _ options: GlobalOptions, _ deed: String, _ name: String,
    _ body: (TokenStore) throws -> Value
  ) throws -> Value {
    // Before it is recorded: whoever gives a token in the place of a name must not find it there.
    try ClientToken.requireName(name)
    let store = try store(options)
    return try HostAudit(try options.paths).privileged(
      .tokenChange, on: "token/\(name)", details: ["deed": deed]
    ) { try body(store) }
  }

  /// Shows a new token once, after it is in effect: whoever has it may use it at once.
  static func show(_ token: SecretValue, of name: String, _ options: GlobalOptions) async throws {
    var failure: (any Error)?
    do { try await makeEffective(options) } catch { failure = error }
    if options.format == .json {
      // The token is base64url: nothing in it has to be escaped.
      Output.text("{\n  \"client\" : \"\(name)\",\n  \"formatVersion\" : 1,\n  \"token\" : \"")
      token.withBytes { Output.bytes($0) }
      Output.text("\"\n}\n")
    } else {
      Output.note("token of \(name), shown once:")
      CommandTomb.show(token)
    }
    if let failure { throw failure }
  }

  /// - Throws: What keeps a running appliance from taking the change over; it looks again by itself.
  static func makeEffective(_ options: GlobalOptions) async throws {
    guard let client = try ControlClient.ofRunningAppliance(try options.paths) else { return }
    do { try await client.reseal() } catch {
      let cause = ApplianceError.of(error)
      throw ApplianceError(
        cause.code,
        "the tokens were changed; the running appliance did not take it over yet: "
          + cause.message, hint: "it looks every few seconds: kafclaw status")
    }
  }
}
