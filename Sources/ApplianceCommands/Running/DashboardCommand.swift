// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ArgumentParser
import Daemon

/// `kafclaw dashboard`.
struct DashboardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "The appliance in a browser.",
    subcommands: [Login.self], defaultSubcommand: Login.self)

  /// `kafclaw dashboard login`.
  struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "login", abstract: "Print a link that logs a browser in, once.",
      discussion: """
        The link is good for five minutes. The session ends after 30 minutes without use, after 8 hours, or \
        when the appliance restarts. From elsewhere: ssh -L 18791:127.0.0.1:18791 HOST.
        """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let link = try await ControlClient.require(try options.paths).post(
        ControlRoutes.dashboardLogin, [String: String](), as: DashboardLink.self)
      if options.format == .json { return try Output.json(link) }
      Output.line(link.url)
    }
  }
}
