// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import Foundation
import Skills
import Tomb

extension SkillsCommand {
  /// `kafclaw skills auth`.
  struct Auth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "auth",
      abstract: "Accounts of people that skills may be given: OAuth 2.0 with PKCE.",
      discussion: """
        Tokens are sealed in the tomb and shown nowhere. Providers: google-workspace, microsoft-365 with \
        --tenant, and any other name with --issuer.
        """,
      subcommands: [Start.self, Complete.self, Refresh.self, Revoke.self, List.self],
      defaultSubcommand: List.self)

    /// Which account.
    struct Account: ParsableArguments {
      @Argument(help: "Provider: google-workspace, microsoft-365, or a name of your own.")
      var provider: String

      @Option(help: "One of several accounts of the provider.")
      var profile = "default"

      var entries: OAuthEntries {
        get throws { try OAuthEntries(provider: provider, profile: profile) }
      }
    }

    /// `kafclaw skills auth start`.
    struct Start: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Ask somebody for consent: prints the address for their browser.",
        discussion: "Good for ten minutes and one answer, which kafclaw skills auth complete takes."
      )

      @OptionGroup var account: Account

      @Option(help: "The client's id at the provider.")
      var clientID: String

      @Option(help: "What is asked for; again for more.")
      var scope: [String] = []

      @Option(help: "Issuer of another provider, as in https://login.example.org.")
      var issuer: String?

      @Option(help: "Directory of Microsoft 365: its id.")
      var tenant: String?

      @Option(help: "Where the provider sends the browser back to; has to be registered there.")
      var redirectURI = "http://127.0.0.1:18792/callback"

      @Flag(help: "The client has a secret: read from standard input, a prompt, or --from-env.")
      var withSecret = false

      @OptionGroup var input: SecretInput
      @OptionGroup var options: GlobalOptions

      func run() async throws {
        let entries = try account.entries
        let address = try OAuthIssuer.address(
          of: account.provider, issuer: issuer, tenant: tenant)
        let server = try await OAuthClient.issuer(at: address)
        let pending = try OAuthPending(
          server, client: clientID, redirect: redirectURI,
          scopes: scope.isEmpty ? Self.scopes(account.provider) : scope, at: Date())
        let secret =
          withSecret
          ? try input.newValue("Secret of the client", limit: TombEntry.valueLimit) : nil
        try SkillAuthRecord(try options.paths, provider: entries.provider, profile: entries.profile)
          .tell("start", .intent, ["issuer": server.issuer])
        let lock = try OAuthTomb.lock(options)
        _ = try CommandTomb.change(options, "oauth", entries.pending) { tomb in
          try OAuthTomb(tomb, entries).begin(pending, secret)
        }
        _ = consume lock
        if options.format == .json {
          return try Output.json(["formatVersion": "1", "url": pending.address])
        }
        Output.note(
          "open this in a browser, then: kafclaw skills auth complete \(account.provider)")
        Output.line(pending.address)
      }

      /// Google knows no `offline_access`.
      private static func scopes(_ provider: String) -> [String] {
        provider == "google-workspace" ? ["openid"] : ["openid", "offline_access"]
      }
    }

    /// `kafclaw skills auth complete`.
    struct Complete: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "complete", abstract: "Take the answer to a consent.",
        discussion: """
          The whole address that the browser was sent back to is read from standard input or a prompt: there \
          is a code in it. An answer is taken once, whatever comes of it.
          """)

      @OptionGroup var account: Account
      @OptionGroup var options: GlobalOptions

      func run() async throws {
        let entries = try account.entries
        let answer = try SecretInput.value("Address in the browser", limit: 16 << 10)
        let record = SkillAuthRecord(
          try options.paths, provider: entries.provider, profile: entries.profile)
        try record.tell("complete", .intent)
        let lock = try OAuthTomb.lock(options)
        // Used up before anything is done with it.
        let (store, taken) = try CommandTomb.change(options, "oauth", entries.pending) { tomb in
          try OAuthTomb(tomb, entries).take()
        }
        do {
          let code = try answer.withBytes { bytes in
            try taken.consent.code(
              in: String(decoding: bytes, as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines), at: Date())
          }
          let grant = try await OAuthExchange.exchange(code, for: taken)
          _ = try CommandTomb.change(options, "oauth", entries.tokens) { tomb in
            try OAuthTomb(tomb, entries).keep(grant, taken)
          }
        } catch {
          // `try?`: why it failed is worth more than that this could not be recorded.
          try? record.tell("complete", .failed, ["error": ApplianceError.of(error).code.rawValue])
          throw error
        }
        try record.tell("complete", .done)
        _ = consume lock
        try AuthText.show([try OAuthTomb(store, entries).state()], options)
      }
    }

    /// `kafclaw skills auth refresh`.
    struct Refresh: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Get a new access token; nobody is asked.")

      @OptionGroup var account: Account
      @OptionGroup var options: GlobalOptions

      func run() async throws {
        let entries = try account.entries
        let lock = try OAuthTomb.lock(options)
        let store = try CommandTomb.store(options)
        let held = try OAuthTomb(store, entries).held()
        let record = SkillAuthRecord(
          try options.paths, provider: entries.provider, profile: entries.profile)
        try record.tell("refresh", .intent)
        do {
          let grant = try await OAuthExchange.refresh(held)
          _ = try CommandTomb.change(options, "oauth", entries.tokens) { tomb in
            try OAuthTomb(tomb, entries).renew(grant, held)
          }
        } catch {
          // `try?`: why it failed is worth more than that this could not be recorded.
          try? record.tell("refresh", .failed, ["error": ApplianceError.of(error).code.rawValue])
          throw error
        }
        try record.tell("refresh", .done)
        _ = consume lock
        try AuthText.show([try OAuthTomb(store, entries).state()], options)
      }
    }

    /// `kafclaw skills auth revoke`.
    struct Revoke: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a consent back, and forget its tokens.",
        discussion: """
          The tokens are forgotten here whatever the provider says; exit code 1 tells that it was not told, or \
          did not agree.
          """)

      @OptionGroup var account: Account
      @OptionGroup var options: GlobalOptions

      func run() async throws {
        let entries = try account.entries
        let lock = try OAuthTomb.lock(options)
        let store = try CommandTomb.store(options)
        let record = SkillAuthRecord(
          try options.paths, provider: entries.provider, profile: entries.profile)
        try record.tell("revoke", .intent)
        // The provider first: whoever is stopped in between asks again.
        let problem: String?
        do {
          problem = await OAuthExchange.revoke(try OAuthTomb(store, entries).held())
        } catch {
          problem = ApplianceError.of(error).message
        }
        let (_, had) = try CommandTomb.change(options, "oauth", entries.tokens) { tomb in
          try OAuthTomb(tomb, entries).forget()
        }
        _ = consume lock
        guard had else {
          try? record.tell("revoke", .failed)  // `try?`: there was nothing to take back
          throw ApplianceError(
            .oauthRefused, "there is no account \(account.provider), profile \(account.profile)",
            hint: "kafclaw skills auth list")
        }
        try record.tell(
          "revoke", problem == nil ? .done : .failed, problem.map { ["why": $0] } ?? [:])
        if options.format == .json {
          try Output.json(["formatVersion": "1", "problem": problem ?? ""])
        }
        Output.note("forgotten here: \(account.provider), profile \(account.profile)")
        guard let problem else { return }
        Output.note("at the provider it may still hold: \(problem)")
        throw CommandExit(code: 1)
      }
    }

    /// `kafclaw skills auth list`.
    struct List: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List accounts, without their secrets.",
        discussion:
          "Exit code 0, or 1 when an account is damaged, or has ended and cannot be renewed.")

      @OptionGroup var options: GlobalOptions

      func run() async throws {
        let (states, damaged) = try OAuthTomb.states(of: try CommandTomb.store(options))
        try AuthText.show(states, damaged: damaged, options)
        if !damaged.isEmpty || states.contains(where: { $0.condition == .ended }) {
          throw CommandExit(code: 1)
        }
      }
    }
  }
}
