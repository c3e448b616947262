// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceCommands

@main
struct Entrypoint {
  static func main() async {
    KafclawCommand.confine(CommandLine.arguments)
    await KafclawCommand.runAndExit()
  }
}
