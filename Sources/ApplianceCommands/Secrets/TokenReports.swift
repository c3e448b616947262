// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import Foundation
import Tomb

extension TokenCommand {
  /// `kafclaw token verify`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Say whose token this is.",
      discussion: """
        Reads the token from standard input or a prompt. Exit code 1 when it is not accepted, or \
        too easy to guess.
        """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let token = try SecretInput.value("Token", limit: 4_096)
      let store = try CommandTokens.store(options)
      try TokenText.requireStrong(token, "this client")
      guard let registry = try store.read() else { throw Self.refused }
      let now = Date()
      let report: TokenVerdict
      if let (client, until) = registry.owner(of: token, at: now) {
        report = TokenVerdict(client: client.name, scopes: client.scopes, until: until)
      } else {
        let hash = registry.hash(of: token)
        guard let declared = registry.declared(hash), registry.admits(hash, at: now) else {
          throw Self.refused
        }
        report = TokenVerdict(
          client: ClientToken.sharedName, scopes: TokenScope.shared, until: declared.revoked)
      }
      guard options.format != .json else { return try Output.json(report) }
      let end = report.until.map { ", until \($0.formatted(.iso8601))" } ?? ""
      Output.line("accepted: \(report.client), \(report.scopes.joined(separator: " "))\(end)")
    }

    private static var refused: ApplianceError {
      ApplianceError(
        .tokenRefused, "this token is not accepted", hint: "kafclaw token list")
    }
  }

  /// `kafclaw token list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show the clients and the age of their tokens.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let registry = try CommandTokens.store(options).read()
      let list = TokenList(registry)
      guard options.format != .json else { return try Output.json(list) }
      let now = Date()
      if list.clients.isEmpty { Output.line("no tokens were made here") }
      for client in list.clients { Output.line(client.line(at: now)) }
      for declared in list.declared {
        let end = declared.revoked.map {
          $0 > now ? ", accepted until \($0.formatted(.iso8601))" : ", refused"
        }
        let seen = declared.firstSeen.formatted(.iso8601)
        Output.line("named by gateway.auth.token, seen first \(seen)\(end ?? "")")
      }
    }
  }
}

/// What `token verify` prints.
private struct TokenVerdict: Encodable {
  let formatVersion = 1
  let client: String
  let scopes: [String]
  /// `nil` for no end.
  let until: Date?

  init(client: String, scopes: Set<TokenScope>, until: Date?) {
    (self.client, self.until) = (client, until)
    self.scopes = scopes.map(\.rawValue).sorted()
  }
}

/// What `token list` prints; no hashes.
private struct TokenList: Encodable {
  struct Client: Encodable {
    let name: String
    let scopes: [String]
    let created: Date
    let rotated: Date
    let expires: Date?
    let tokens: [Token]

    func line(at now: Date) -> String {
      let days = Int(max(0, min(now.timeIntervalSince(rotated) / 86_400, 1e6)))
      var parts = ["\(name): \(scopes.joined(separator: " "))", "\(days) days old"]
      for token in tokens {
        if let until = token.until {
          parts.append("token \(token.number) accepted until \(until.formatted(.iso8601))")
        }
      }
      if let expires { parts.append("expires \(expires.formatted(.iso8601))") }
      return parts.joined(separator: ", ")
    }
  }

  struct Token: Encodable {
    let number: Int
    let created: Date
    let until: Date?
  }

  struct Declared: Encodable {
    let firstSeen: Date
    let revoked: Date?
  }

  let formatVersion = 1
  let clients: [Client]
  let declared: [Declared]

  init(_ registry: TokenRegistry?) {
    clients = (registry?.clients ?? []).map { client in
      Client(
        name: client.name, scopes: client.scopes.map(\.rawValue).sorted(),
        created: client.created, rotated: client.rotated, expires: client.expires,
        tokens: client.versions.map {
          Token(number: $0.number, created: $0.created, until: $0.until)
        })
    }
    declared = (registry?.declared ?? []).map {
      Declared(firstSeen: $0.firstSeen, revoked: $0.revoked)
    }
  }
}
