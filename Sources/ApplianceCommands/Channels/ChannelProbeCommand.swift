// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AsyncHTTPClient
import Channels
import Daemon
import FoundationEssentials
import GatewayAPI
import NIOCore
import NIOHTTP1

extension ChannelsCommand {
  /// `kafclaw channels probe`.
  struct Probe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "probe", abstract: "Ask the platforms whether they know the channels' accounts.",
      discussion: """
        With --hostile the running listener gets requests that it has to refuse: unsigned, forged, \
        changed, replayed, oversized, of another account. They hold no message; each leaves an audit \
        record, and what is forged counts for the alert auth-failures as anybody's would. Exit codes: 0 all is as it \
        should be, 1 something is not.
        """)

    @Argument(help: "Channel by name (default: all).")
    var channel: String?

    @Flag(help: "Send the listener what it has to refuse.")
    var hostile = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let client = try ControlClient.require(try options.paths)
      let answer = try await client.post(
        ControlRoutes.probe, ChannelRequest(channel: channel), as: ChannelsResponse.self)
      guard hostile else { return try render(answer) }
      var results: [HostileResult] = []
      for report in answer.channels {
        let hostile = try await client.post(
          ControlRoutes.hostile, ChannelRequest(channel: report.name), as: HostileResponse.self)
        // One that did not begin refuses like one that is not there: that proves nothing.
        let didNotBegin = report.isFinal && !report.isProven && hostile.requests == nil
        guard !didNotBegin else { continue }
        results += try await HostileProbe(channel: report.name, url: hostile.url)
          .run(hostile.requests)
      }
      try render(results)
      for report in answer.channels where !report.isHealthy {
        Output.note("\(report.name) is unhealthy: \(VisibleText.escape(report.message ?? ""))")
      }
      if !answer.channels.allSatisfy(\.isHealthy) { throw CommandExit(code: 1) }
    }

    private func render(_ answer: ChannelsResponse) throws {
      if options.format == .json {
        try Output.json(answer)
      } else {
        if answer.channels.isEmpty { Output.line("no channel has an account") }
        for report in answer.channels {
          let words = report.message.map { ": \(VisibleText.escape($0))" } ?? ""
          Output.line("\(report.name)  \(report.isHealthy ? "healthy" : "unhealthy")\(words)")
        }
      }
      if !answer.channels.allSatisfy(\.isHealthy) { throw CommandExit(code: 1) }
    }

    private struct Results: Encodable {
      let formatVersion = 1
      let results: [HostileResult]
    }

    private func render(_ results: [HostileResult]) throws {
      if options.format == .json {
        try Output.json(Results(results: results))
      } else {
        if results.isEmpty { Output.line("no channel has an account") }
        for result in results {
          Output.line(
            "\(result.word)  \(result.channel)  \(result.name): \(result.status)")
        }
      }
      if !results.allSatisfy(\.isRefused) { throw CommandExit(code: 1) }
    }
  }
}

extension HostileResult {
  /// Another status than that of a refusal proves nothing, as while nothing can be stored.
  fileprivate var word: String {
    isRefused ? "refused" : (200...299).contains(status) ? "TAKEN" : "NOT REFUSED"
  }
}
