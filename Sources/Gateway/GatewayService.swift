// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Channels
public import ControlAPI
import DesiredState
import FoundationEssentials
public import Logging
import Planning
import Supervision

extension ApplianceError.Code {
  /// The gateway would be reachable from other hosts without a token.
  static let exposedWithoutToken = Self("gateway.exposed-without-token")
}

/// The gateway component: HTTP in front, the supervisor's store behind.
public final class GatewayService: Sendable {
  private let link: ComponentLink
  private let logger: Logger
  private let state = GatewayState()
  private let networks = LockedNetworks()
  private let listeners: ListenerSet
  private let confinement: Confinement?
  private let channels: ChannelHost
  private let ports: Set<UInt16>?

  /// - Parameters:
  ///   - ports: Where it may connect to at all; `nil` anywhere.
  ///   - confinement: What the process gave up.
  public init(
    link: ComponentLink, logger: Logger, ports: Set<UInt16>? = nil,
    confinement: Confinement? = nil
  ) {
    (self.ports, self.confinement) = (ports, confinement)
    self.link = link
    self.logger = logger
    channels = ChannelHost(link: link, logger: logger)
    listeners = ListenerSet(
      routers: GatewayRouters(state: state, link: link, networks: networks, channels: channels),
      logger: logger)
  }

  /// Runs until the supervisor says exit or is gone.
  public func run() async {
    await withTaskGroup { group in
      group.addTask {
        await self.link.run { try await self.answer($0) }
        await self.listeners.close()
        self.channels.close()
      }
      // Nobody is cancelled: connections that were accepted and not served yet would be dropped,
      // for which NIO ends the process (apple/swift-nio#3481). What is being sent is sent to its end,
      // and confirmed while there is somebody to tell.
      group.addTask {
        await withTaskGroup { group in
          group.addTask { await self.channels.run() }
          group.addTask { await self.listeners.run() }
          await group.waitForAll()
        }
        self.link.close()
      }
    }
  }

  private func answer(_ order: SupervisorOrder) async throws -> SupervisorOrderReply {
    switch order {
    case .configure(let configuration):
      try await configure(configuration)
      return .report(await report())
    case .report: return .report(await report())
    case .probe(let channel):
      await channels.probe(channel)
      return .report(await report())
    case .hostileRequests(let channel):
      return .hostileRequests(channels.webhook(channel)?.hostileRequests(at: Date()))
    case .exit:
      await listeners.close()
      channels.close()
      return .done
    }
  }

  private func configure(_ configuration: ComponentConfiguration) async throws {
    let settings = try ApplianceJSON.decode(
      GatewaySettings.self, from: CanonicalJSON.bytes(configuration.settings))
    let given = try ApplianceJSON.decode(
      GatewayCredentials.self, from: configuration.sealed.bytes)
    if let ports, !settings.connectPorts.isSubset(of: ports) {
      throw ApplianceError(.restartNeeded, "the gateway cannot connect to other ports than before")
    }
    let before = state.current
    // What was read earlier must not take the place of what was read later: a token that was
    // revoked meanwhile would be accepted again.
    let credentials = before.map { $0.credentials.newer(than: given) ?? given } ?? given
    networks.take(credentials.locked)
    // One that listens already goes on without clients: what was revoked must be refused.
    let listens = before?.digest == configuration.digest
    guard
      listens || ListenAddress(settings.host).isLoopback
        || credentials.hasRemoteClient(at: Date())
    else {
      throw ApplianceError(
        .exposedWithoutToken, "refusing to listen on \"\(settings.host)\" without a token",
        hint: "set gateway.auth.token, or listen on 127.0.0.1")
    }
    // Credentials first: a listener that is new must never meet the old ones.
    state.replace(
      with: .init(
        digest: configuration.digest, json: configuration.settings, settings: settings,
        credentials: credentials))
    do {
      try await listeners.move(to: [
        .api: ListenerAddress(host: settings.host, port: settings.port),
        .dashboard: ListenerAddress(host: settings.host, port: settings.dashboardPort),
      ])
    } catch {
      if let before { state.replace(with: before.keeping(credentials)) }
      throw error
    }
    channels.move(to: settings.channels) { credentials.secrets(of: $0) }
  }

  private func report() async -> ComponentReport {
    let current = state.current
    let addresses = await listeners.addresses
    return ComponentReport(
      digest: current?.digest, settings: current?.json ?? .null,
      isReady: current != nil && addresses.count == ListenerSet.Role.allCases.count,
      confinement: confinement, channels: channels.reports)
  }
}
