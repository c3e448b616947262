// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DurableIO
import GatewayAPI

/// `kafclaw chat`.
struct ChatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Send one message through the gateway and print the reply.")

  @Option(name: .shortAndLong, help: "The message.")
  var message: String

  @Option(name: .shortAndLong, help: "Conversation to continue.")
  var session: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let client = try ControlClient.require(try options.paths)
    let access = try await client.get(ControlRoutes.access, as: GatewayAccess.self)
    let request = ChatRequest(message: message, session: session)
    let response = try await ControlClient.chat(request, through: access)
    if options.format == .json {
      try Output.json(versioned: response)
    } else {
      Output.line(response.reply)
    }
  }
}
