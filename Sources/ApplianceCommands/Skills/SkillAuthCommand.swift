// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import Foundation
import Skills
import SodiumCrypto
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
        try AccountDeed.requireTomb(options)
        let address = try OAuthIssuer.address(
          of: account.provider, issuer: issuer, tenant: tenant)
        let server = try await OAuthClient.issuer(at: address)
        let pending = try OAuthPending(
          server, client: clientID, redirect: redirectURI,
          scopes: scope.isEmpty ? Self.scopes(account.provider) : scope, at: Date())
        let secret =
          withSecret
          ? try input.newValue("Secret of the client", limit: TombEntry.valueLimit) : nil
        let deed = try AccountDeed("start", entries, options)
        try deed.tell(.intent, ["issuer": server.issuer])
        try await deed.recorded {
          try deed.change(entries.pending) { try $0.begin(pending, secret) }
        }
        if options.format == .json {
          return try Output.json(members: ["url": .string(pending.address)])
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
        try AccountDeed.requireTomb(options)
        let answer = try SecretInput.value("Address in the browser", limit: 16 << 10)
        let deed = try AccountDeed("complete", entries, options)
        try deed.tell(.intent)
        try await deed.recorded {
          // Used up before anything is done with it.
          let taken = try deed.change(entries.pending) { try $0.take() }
          let code = try answer.withBytes { bytes in
            try taken.consent.code(
              in: String(decoding: bytes, as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines), at: Date())
          }
          let given = HeldAccount(try await OAuthExchange.exchange(code, for: taken), of: taken)
          do {
            try deed.change(entries.tokens) { try $0.keep(given) }
          } catch {
            // `try?`: what cannot be read is not held. What nobody holds nobody could end later.
            let kept = try? deed.account().find()
            if kept?.access.isEqual(to: given.access) != true {
              _ = await OAuthExchange.revoke(given)
            }
            throw error
          }
        }
        let kept = try deed.account().held().account
        try AuthText.show([AuthState(entries, kept, at: Date())], options)
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
        let deed = try AccountDeed("refresh", entries, options)
        let held = try deed.account().held()
        try deed.tell(.intent)
        try await deed.recorded {
          let renewed = held.renewed(by: try await OAuthExchange.refresh(held))
          try deed.change(entries.tokens) { try $0.keep(renewed) }
        }
        let kept = try deed.account().held().account
        try AuthText.show([AuthState(entries, kept, at: Date())], options)
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
        let deed = try AccountDeed("revoke", entries, options)
        let account = try deed.account()
        try deed.tell(.intent)
        // The provider first: whoever is stopped in between asks again.
        let problem = await Self.takeBack(account)
        try await deed.failing {
          guard try deed.change(entries.tokens, { try $0.forget() }) else {
            throw ApplianceError(
              .oauthRefused, "there is no account \(entries.provider), profile \(entries.profile)",
              hint: "kafclaw skills auth list")
          }
        }
        try deed.tell(problem == nil ? .done : .failed, problem.map { ["why": $0] } ?? [:])
        if options.format == .json {
          try Output.json(members: ["problem": problem.map { .string($0) } ?? .null])
        }
        Output.note("forgotten here: \(entries.provider), profile \(entries.profile)")
        guard let problem else { return }
        Output.note("at the provider it may still hold: \(problem)")
        throw CommandExit(code: 1)
      }

      /// - Returns: Why the provider did not take it back; a consent that nobody answered is none of its.
      private static func takeBack(_ account: OAuthTomb) async -> String? {
        do {
          guard let held = try account.find() else { return nil }
          return await OAuthExchange.revoke(held)
        } catch {
          return ApplianceError.of(error).message
        }
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
        let listing = try AuthListing(of: try CommandTomb.store(options), at: Date())
        try AuthText.show(listing.states, damaged: listing.damaged, options)
        if !listing.damaged.isEmpty || listing.states.contains(where: { $0.condition == .ended }) {
          throw CommandExit(code: 1)
        }
      }
    }
  }
}
