// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import DesiredState

/// `kafclaw schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema (2020-12) of kafclaw.yaml, or its reference page.",
    discussion: "`--output markdown` prints the reference page.")

  @Flag(help: "Of appliance.yaml instead.")
  var appliance = false

  @OptionGroup var options: GlobalOptions

  func run() throws {
    if options.format == .markdown && !appliance {
      return Output.text(ReferencePage.desiredState)
    }
    try Output.json(appliance ? BootstrapSpec.jsonSchema : SchemaGenerator.desiredState)
  }
}
