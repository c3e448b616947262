// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import DesiredState
import DurableIO
import Foundation
import Tomb

/// `kafclaw tomb`.
struct TombCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tomb", abstract: "Keep secrets encrypted on this host.",
    discussion: """
      Values are read from standard input, a prompt or --from-env, never from the command line. \
      The desired state names them as tomb:NAME.
      """,
    subcommands: [
      Init.self, Set.self, List.self, Remove.self, Rotate.self, RotateKey.self,
      NewRecipient.self, AddRecipient.self, RemoveRecipient.self, Export.self, Recover.self,
      AcceptOlder.self, Verify.self,
    ])
}

/// The tomb of a command.
enum CommandTomb {
  /// - Throws: `process.root` for root, who would leave files that the appliance cannot read.
  static func store(_ options: GlobalOptions) throws -> TombStore {
    let paths = try options.paths
    HostTomb.protectMemory()
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    try PrivateFolder.requireTrusted(paths.state)
    try PrivateFolder.requireTrusted(paths.configuration)
    try PrivateFolder.create(paths.configuration)
    return try HostTomb.store(paths, try Bootstrap.orDefault(paths).tomb)
  }

  /// Changes the tomb: recorded before, and how it ended.
  static func change<Value>(
    _ options: GlobalOptions, _ deed: String, _ subject: String,
    _ body: (TombStore) throws -> Value
  ) throws -> (store: TombStore, value: Value) {
    let store = try store(options)
    let value = try HostAudit(try options.paths).privileged(
      .tombChange, on: "tomb:\(subject)", details: ["deed": deed]
    ) { try body(store) }
    return (store, value)
  }

  /// Lets a running appliance know what changed; it looks again by itself where it cannot be told.
  static func tell(_ options: GlobalOptions) async {
    do {
      try await ControlClient.ofRunningAppliance(try options.paths)?.reseal()
    } catch {
      Output.note(
        "the running appliance looks again by itself: \(ApplianceError.of(error).message)")
    }
  }

  /// As ``change(_:_:_:_:)``, and shows the tomb as it is then.
  static func changeAndShow(
    _ options: GlobalOptions, _ deed: String, _ subject: String = "",
    _ body: (TombStore) throws -> Void
  ) throws {
    let (store, _) = try change(options, deed, subject, body)
    try TombReport(store).render(options.format)
  }

  /// Shows a secret once: results to standard output, the words around it to the terminal.
  static func show(_ secret: SecretValue) {
    secret.withBytes { Output.bytes($0) }
    Output.text("\n")
  }
}

extension TombCommand {
  /// `kafclaw tomb init`.
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init", abstract: "Make the tomb of this host.",
      discussion: """
        Prints a recovery key once: whoever has it opens the tomb, and without it nobody can when \
        this host is lost. With --recipient the tomb is sealed to a key that is kept elsewhere \
        already, and none is printed.
        """)

    @Option(help: "Recovery recipients that exist already (kafclaw tomb new-recipient).")
    var recipient: [String] = []

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let recipients = try recipient.map { try Recipient($0) }
      try CommandTomb.store(options).requireNone()
      let (store, _) = try CommandTomb.change(options, "init", "") { store in
        guard recipients.isEmpty else { return try store.create(recovery: recipients, at: Date()) }
        let key = try RecoveryKey.random()
        // Before the tomb is made: there must be none whose recovery key nobody has seen.
        RecoveryReport(key: key).render(options.format)
        try store.create(recovery: [key.recipient], at: Date())
      }
      guard !recipients.isEmpty else { return RecoveryReport.noteMade(store.backend) }
      try TombReport(store).render(options.format)
    }
  }

  /// `kafclaw tomb new-recipient`.
  struct NewRecipient: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "new-recipient", abstract: "Make a recovery key; nothing is written.")

    @OptionGroup var options: GlobalOptions

    func run() throws {
      RecoveryReport(key: try RecoveryKey.random()).render(options.format)
    }
  }

  /// `kafclaw tomb add-recipient`.
  struct AddRecipient: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add-recipient", abstract: "Let another recovery key open the tomb.")

    @Argument(help: "The recipient: kafclaw-recipient-…")
    var recipient: String

    @Option(help: "Whose key it is.")
    var label = "recovery"

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let recipient = try Recipient(recipient)
      try CommandTomb.changeAndShow(options, "add-recipient", recipient.description) {
        try $0.add(recipient, label: label, at: Date())
      }
    }
  }

  /// `kafclaw tomb remove-recipient`.
  struct RemoveRecipient: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove-recipient",
      abstract: "Take a recovery key away, and make a new key for everything.")

    @Argument(help: "Id of the slot (kafclaw tomb list).")
    var slot: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try CommandTomb.changeAndShow(options, "remove-recipient", slot) {
        try $0.removeSlot(slot, at: Date())
      }
    }
  }

  /// `kafclaw tomb rotate-key`.
  struct RotateKey: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate-key", abstract: "Seal everything under a new key.",
      discussion: "Entries stay readable all the time. What was cut off is finished by the next "
        + "change.")

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try CommandTomb.changeAndShow(options, "rotate-key") {
        try $0.rotateKey(at: Date())
      }
    }
  }

  /// `kafclaw tomb export`.
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Write the whole tomb into one file, for one recipient.")

    @Option(help: "The recipient: kafclaw-recipient-…")
    var to: String

    @Option(help: "File to write; one that is there is not replaced.")
    var file: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let recipient = try Recipient(to)
      guard !FileManager.default.fileExists(atPath: file) else {
        throw ApplianceError(.tombExists, "\(Quoted(file)) is there already")
      }
      let (_, bytes) = try CommandTomb.change(options, "export", to) { store in
        let bytes = try store.export(to: recipient, at: Date())
        try DurableFile.replace(file, with: bytes)
        return bytes
      }
      guard options.format != .json else {
        return try Output.json(members: ["bytes": .integer(Int64(bytes.count))])
      }
      Output.line("\(file): \(bytes.count) bytes, for \(to)")
    }
  }

  /// `kafclaw tomb recover`.
  struct Recover: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "recover", abstract: "Open the tomb with its recovery key, for this host.",
      discussion: """
        Reads the recovery key, its text or its words, from a prompt or standard input. Opens the \
        tomb's files where they are, restored from a backup, or with --from an exported one; then \
        this host's own backend opens it, and everything is sealed under a new key.
        """)

    @Option(help: "A file that `kafclaw tomb export` wrote.")
    var from: String?

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let export = try from.map { try DurableFile.read($0, limit: 256 << 20) }
      let key = try RecoveryKey(try SecretInput.value("Recovery key", limit: 1 << 10))
      try CommandTomb.changeAndShow(options, "recover") { store in
        if let export {
          try store.adopt(export, with: key, at: Date())
        } else {
          try store.recover(with: key, at: Date())
        }
      }
    }
  }

  /// `kafclaw tomb accept-older`.
  struct AcceptOlder: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "accept-older", abstract: "Take the tomb as it is, after a restore.",
      discussion: "What was set, rotated or removed since the copy was made is as before: look at "
        + "`kafclaw tomb list`, and rotate what was revoked.")

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try CommandTomb.changeAndShow(options, "accept-older") {
        try $0.acceptOlder()
      }
    }
  }
}
