// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import ControlAPI
public import Logging
import ModelProviders
import Planning
import Supervision
import Synchronization
import Tools

/// The agent component: leases messages, runs their turns, stores what they do.
public final class AgentService: Sendable {
  /// Turns at the same time.
  static let workers = 16
  /// How long one lease request waits for a message. Milliseconds.
  static let leaseWait = 20_000

  private struct State {
    var configuration: RunningConfiguration?
    var isExiting = false
  }

  private let link: ComponentLink
  private let logger: Logger
  private let folders: [String]?
  private let confinement: Confinement?
  private let state = Mutex(State())
  private let changed = WakeSignal()
  private let client = ModelClient()

  /// - Parameters:
  ///   - folders: Where it may work at all; `nil` anywhere.
  ///   - confinement: What the process gave up.
  public init(
    link: ComponentLink, logger: Logger, folders: [String]? = nil, confinement: Confinement? = nil
  ) {
    (self.folders, self.confinement) = (folders, confinement)
    self.link = link
    self.logger = logger
  }

  /// Runs until the supervisor says exit or is gone.
  public func run() async {
    await withTaskGroup { group in
      group.addTask { await self.link.run { try await self.answer($0) } }
      group.addTask { await self.work() }
      await group.next()
      group.cancelAll()
    }
    do { try await client.shutdown() } catch {
      logger.debug("connections to models were open", metadata: ["error": "\(error)"])
    }
  }

  private func answer(_ order: SupervisorOrder) async throws -> SupervisorOrderReply {
    switch order {
    case .configure(let configuration):
      try configure(configuration)
      return .report(report)
    case .report: return .report(report)
    case .probe, .hostileRequests: throw ApplianceError(.malformed, "the agent has no channels")
    case .exit:
      state.withLock { $0.isExiting = true }
      changed.ring()
      return .done
    }
  }

  private func configure(_ configuration: ComponentConfiguration) throws {
    let bytes = CanonicalJSON.bytes(configuration.settings)
    let settings = try ApplianceJSON.decode(AgentSettings.self, from: bytes)
    if let folders, !folders.contains(settings.workspace) || !folders.contains(settings.workRepo) {
      throw ApplianceError(.restartNeeded, "the agent cannot work in other folders than before")
    }
    let keys = try ProviderKeys(configuration.sealed)
    let running = RunningConfiguration(
      digest: configuration.digest, json: configuration.settings, settings: settings,
      provider: try keys.provider(for: settings.routes, client: client, logger: logger),
      egress: GuardedEgress(policy: EgressPolicy(settings.web)), logger: logger)
    state.withLock { $0.configuration = running }
    changed.ring()
  }

  private var report: ComponentReport {
    let running = state.withLock { $0.configuration }
    return ComponentReport(
      digest: running?.digest, settings: running?.json ?? .null, isReady: running != nil,
      confinement: confinement)
  }

  private func work() async {
    await withDiscardingTaskGroup { group in
      for _ in 0..<Self.workers { group.addTask { await self.workLoop() } }
    }
  }

  /// Every turn keeps the configuration it began with.
  private func workLoop() async {
    while !Task.isCancelled {
      let seen = changed.generation
      let (configuration, isExiting) = state.withLock { ($0.configuration, $0.isExiting) }
      if isExiting { return }
      guard configuration != nil else {
        await changed.wait(after: seen, for: nil)
        continue
      }
      guard let work = await leaseOrExit() else { continue }
      // Only now: what was in effect while this worker waited may be forbidden by now.
      guard let newest = state.withLock({ $0.configuration }) else { continue }
      await take(work, newest)
    }
  }

  /// Waits for a message; gives up at once when the agent is to exit.
  private func leaseOrExit() async -> Work? {
    await withTaskGroup(of: Work?.self) { group in
      group.addTask {
        do {
          guard case .work(let work) = try await self.link.call(.lease(wait: Self.leaseWait)) else {
            return nil
          }
          return work
        } catch {
          // `try?`: a cancelled pause only ends early. A link that is gone ends `run`.
          try? await Task.sleep(for: .seconds(1))
          return nil
        }
      }
      group.addTask {
        while !Task.isCancelled {
          let seen = self.changed.generation
          if self.state.withLock({ $0.isExiting }) { break }
          await self.changed.wait(after: seen, for: nil)
        }
        return nil
      }
      let work = await group.next() ?? nil
      group.cancelAll()
      return work
    }
  }

  private func take(_ work: Work, _ configuration: RunningConfiguration) async {
    do {
      try await Turn(work: work, configuration: configuration, link: link).run()
    } catch {
      logger.error(
        "turn failed",
        metadata: ["trace": "\(work.traceID.rawValue)", "error": "\(Self.words(for: error))"])
      await abandon(work)
    }
  }

  /// Gives the message back, to be tried again. An agent that cannot even do that ends, which
  /// gives back everything it holds.
  private func abandon(_ work: Work) async {
    do {
      _ = try await link.call(.abandon(work.id))
      // `try?`: a cancelled pause only ends early. It keeps a persistent failure from spinning.
      try? await Task.sleep(for: .seconds(1))
    } catch let error as ApplianceError where error.code == .linkClosed {
      return
    } catch {
      logger.error("cannot give a message back", metadata: ["error": "\(Self.words(for: error))"])
      link.close()
    }
  }

  /// Never the error itself: it may quote what somebody wrote.
  private static func words(for error: any Error) -> String {
    (error as? ApplianceError)?.message ?? "\(type(of: error))"
  }
}
