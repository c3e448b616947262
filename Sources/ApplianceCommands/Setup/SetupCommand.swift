// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon

/// `kafclaw setup`.
struct SetupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup", abstract: "Set this host up: its repository, its signers, its tomb.",
    discussion: """
      Asks what was not said, writes appliance.yaml, shows the first plan, makes the tomb and its \
      recovery key, and starts the service. With the Debian package: run as root. When the \
      repository cannot be read or is not valid, appliance.yaml is as it was before.

      Exit codes: 0 set up, 1 error, 7 source rejected, 11 invalid desired state.
      """)

  @Option(help: "Address of the desired-state repository.")
  var repository: String?

  @Option(help: "Branch to follow (default: main).")
  var branch: String?

  @Option(help: "Folder inside the repository (default: its root).")
  var path: String?

  @Option(help: "Where the deploy key or token is kept: file:NAME, env:NAME, tomb:NAME.")
  var credential: String?

  @Option(
    help: "Host key of the ssh server; may be repeated (ssh-keyscan HOST | ssh-keygen -lf -).")
  var hostKey: [String] = []

  @Option(help: "Name of this host: selects hosts/NAME.yaml (default: none).")
  var name: String?

  @Option(
    help: """
      Public keys of those whose commits count, a line each: as in id_ed25519.pub, or as in an \
      allowed-signers file.
      """)
  var signers: String?

  @Option(help: "With --signers: the commit to start from, checked by a person.")
  var start: String?

  @Flag(help: "Take commits that nobody signed; `status` then says so.")
  var allowUnsigned = false

  @Option(help: "Write the recovery key to FILE, which must not exist. Keep it elsewhere.")
  var recoveryKeyFile: String?

  @Option(help: "Recovery recipient that exists already, instead of a new recovery key.")
  var recipient: String?

  @Flag(help: "Ask nothing: what is needed and was not said is an error.")
  var nonInteractive = false

  @Flag(help: "Replace what an earlier setup wrote to appliance.yaml.")
  var replace = false

  @Flag(help: "Do not start the service.")
  var noStart = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if signers != nil && allowUnsigned {
      throw ValidationError("--signers and --allow-unsigned exclude each other")
    }
    if recoveryKeyFile != nil && recipient != nil {
      throw ValidationError("--recovery-key-file and --recipient exclude each other")
    }
  }

  func run() async throws {
    HostTomb.protectMemory()
    let host = try SetupHost(options)
    try host.requireFree(replace: replace)
    try host.requireRecovery(file: recoveryKeyFile, recipient: recipient)
    var answers = SetupAnswers(self)
    try answers.complete(with: nonInteractive ? nil : try Questions())
    let earlier = try host.write(try answers.bootstrap(isSystem: host.isSystem))
    do {
      try host.showPlan()
    } catch {
      try host.restore(earlier)
      throw error
    }
    try host.makeTomb(recoveryKeyFile: recoveryKeyFile, recipient: recipient)
    try host.start(isWanted: !noStart)
  }
}
