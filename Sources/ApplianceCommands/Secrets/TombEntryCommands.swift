// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import Foundation
import Glibc
import Tomb

/// How a value gets into the program: never as an argument.
struct SecretInput: ParsableArguments {
  @Option(name: .customLong("from-env"), help: "Take the value of this variable.")
  var variable: String?

  init() {}

  /// The variable, what is piped in, or what is typed twice.
  func newValue(_ question: String, limit: Int) throws -> SecretValue {
    if let variable {
      guard let pointer = getenv(variable), pointer.pointee != 0 else {
        throw ApplianceError(.tombInvalid, "the variable \(Quoted(variable)) is not set")
      }
      return SecretValue(
        copying: UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
    }
    if isatty(0) == 1 { return try TerminalPrompt.askTwice(question) }
    return try TerminalPrompt.standardInput(limit: limit)
  }

  /// What is piped in, or typed once.
  static func value(_ question: String, limit: Int) throws -> SecretValue {
    isatty(0) == 1
      ? try TerminalPrompt.ask(question) : try TerminalPrompt.standardInput(limit: limit)
  }
}

extension TombCommand {
  /// `kafclaw tomb set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Set an entry; what was there is replaced at once.",
      discussion: "The value comes from standard input, without one line end at its end, from a "
        + "prompt, or from --from-env.")

    @Argument(help: "Name of the entry.")
    var name: String

    @Option(help: "What it is for.")
    var purpose: String?

    @Option(
      help: """
        Who may use it: gateway, agent, source, supervisor; again for more. Default: whoever the \
        desired state names.
        """)
    var consumer: [String] = []

    @Option(help: "When the secret ends where it is used: a UTC time, or a duration such as 60d.")
    var expires: String?

    @OptionGroup var input: SecretInput
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let details = EntryDetails(
        purpose: purpose, consumers: consumer.isEmpty ? nil : try Consumers.require(consumer),
        expires: try expires.map { try HoldTime.date($0) })
      try OwnEntries.refuse(name)
      let value = try input.newValue("Value of \(name)", limit: TombEntry.valueLimit)
      let (store, _) = try CommandTomb.change(options, "set", name) {
        try $0.set(name, value, details, at: Date())
      }
      await CommandTomb.tell(options)
      try EntryReport(store, name).render(options.format)
    }
  }

  /// `kafclaw tomb rotate`.
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate", abstract: "Give an entry a new value.",
      discussion: "With --overlap the value before stays in the tomb for that long. The "
        + "appliance's own channels, providers and alerts take the new one at once. Tokens of "
        + "the gateway: kafclaw token rotate.")

    @Argument(help: "Name of the entry.")
    var name: String

    @Option(help: "How long the value before stays valid, such as 1h.")
    var overlap: String?

    @OptionGroup var input: SecretInput
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let duration = try overlap.map { try HoldTime.duration($0) } ?? .zero
      try OwnEntries.refuse(name)
      let value = try input.newValue("New value of \(name)", limit: TombEntry.valueLimit)
      let (store, _) = try CommandTomb.change(options, "rotate", name) {
        try $0.rotate(name, to: value, overlap: duration, at: Date())
      }
      await CommandTomb.tell(options)
      try EntryReport(store, name).render(options.format)
    }
  }

  /// `kafclaw tomb remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Remove an entry and all its versions.")

    @Argument(help: "Name of the entry.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try OwnEntries.refuse(name)
      _ = try CommandTomb.change(options, "remove", name) { try $0.remove(name) }
      await CommandTomb.tell(options)
      guard options.format != .json else {
        return try Output.json(members: ["removed": .string(name)])
      }
      Output.line("\(name) is removed")
    }
  }

  /// `kafclaw tomb list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show the entries and slots, without values.")

    @OptionGroup var options: GlobalOptions

    func run() throws { try TombReport(try CommandTomb.store(options)).render(options.format) }
  }

  /// `kafclaw tomb verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Open every value once: what opens is intact.")

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let count = try CommandTomb.store(options).verify()
      guard options.format != .json else {
        return try Output.json(members: ["values": .integer(Int64(count))])
      }
      Output.line("intact: \(count) values")
    }
  }
}

/// The parts of the product that may use a secret.
enum Consumers {
  static let names = ["gateway", "agent", "source", "supervisor"]

  static func require(_ given: [String]) throws -> [String] {
    if let wrong = given.first(where: { !names.contains($0) }) {
      throw ApplianceError(
        .tombInvalid, "\(Quoted(wrong)) is not one of \(names.joined(separator: ", "))")
    }
    return given
  }
}

/// Entries that the program keeps for itself.
enum OwnEntries {
  /// - Throws: `tomb.invalid`.
  static func refuse(_ name: String) throws {
    if name.hasPrefix(TombStore.ownPrefix) {
      throw ApplianceError(
        .tombInvalid, "\(Quoted(name)) is kept by the program itself",
        hint: "kafclaw token, kafclaw audit")
    }
    if name.hasPrefix("oauth/") {
      throw ApplianceError(
        .tombInvalid, "\(Quoted(name)) is part of an account", hint: "kafclaw skills auth")
    }
    if name.hasPrefix("token/") {
      throw ApplianceError(
        .tombInvalid, "\(Quoted(name)) stands for a token that is made here",
        hint: "kafclaw token generate \(name.dropFirst("token/".count))")
    }
  }
}
