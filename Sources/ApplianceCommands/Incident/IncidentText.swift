// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Foundation
import Glibc
import Tomb

/// Orders of an incident, and what people read of them.
enum IncidentText {
  static func level(_ text: String) throws -> Containment.Level {
    guard let level = Containment.Level(rawValue: text) else {
      throw ValidationError("\(Quoted(text)) is not one of tools, channels, all")
    }
    return level
  }

  /// By the running appliance, else by its files, which hold from its next start.
  ///
  /// - Parameter isQuiet: Something else is printed for it.
  static func carryOut(
    _ order: IncidentOrder, _ options: GlobalOptions, isQuiet: Bool = false
  ) async throws {
    let paths = try options.paths
    guard let client = try ControlClient.ofRunningAppliance(paths) else {
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let state = try StoppedIncident(paths).carryOut(order, by: "operator:\(geteuid())")
      return isQuiet ? () : try render(state, options.format)
    }
    let report = try await client.post(ControlRoutes.incident, order, as: IncidentReport.self)
    if !isQuiet { try render(report, options.format) }
  }

  /// Where there is no tomb nothing could be kept: that is told, and everything else holds.
  static func rotateToken(_ options: GlobalOptions) async throws {
    let token: SecretValue
    do {
      guard try CommandTokens.store(options).read()?.hasShared(at: Date()) == true else {
        return Output.note("the gateway has no token to rotate")
      }
      token = try CommandTokens.change(options, "rotate", ClientToken.sharedName) {
        try $0.rotate(ClientToken.sharedName, overlap: .zero, at: Date())
      }
    } catch let error as ApplianceError
      where [.tombMissing, .tombNoEntry, .tokenUnknown].contains(error.code)
    {
      Output.note("the gateway's token was not rotated: \(error.message)")
      return
    }
    try await CommandTokens.show(token, of: ClientToken.sharedName, options)
  }

  static func render(_ state: IncidentState, _ format: OutputFormat) throws {
    if format == .json { return try Output.json(state) }
    for line in lines(state) { Output.line(line) }
  }

  static func render(_ report: IncidentReport, _ format: OutputFormat) throws {
    if format == .json { return try Output.json(report) }
    for line in lines(report.state) { Output.line(line) }
    guard let held = report.held else {
      return Output.line("held: not known, the timeline cannot be read")
    }
    for (channel, count) in held.deliveries.sorted(by: { $0.key < $1.key }) {
      Output.line("held: \(count) texts to \(VisibleText.escape(channel))")
    }
    Output.line("held: \(held.messages) messages without an answer, \(held.approvals) approvals")
  }

  private static func lines(_ state: IncidentState) -> [String] {
    var lines: [String] = []
    if let held = state.containment {
      lines.append("contained: \(VisibleText.escape(held.words)) [\(held.id)]")
    } else {
      lines.append("nothing is contained")
    }
    if let stop = state.standstill {
      lines.append(
        "stopped since \(stop.since.formatted(.iso8601)) by \(stop.by): "
          + VisibleText.escape(stop.reason))
    }
    return lines
  }
}
