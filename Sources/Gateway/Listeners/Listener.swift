// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Synchronization

extension ApplianceError.Code {
  /// An address cannot be listened on.
  static let listenFailed = Self("gateway.listen-failed")
  /// The address is taken by another socket.
  static let addressInUse = Self("gateway.address-in-use")
}

/// Where a listener listens.
struct ListenerAddress: Sendable, Hashable, CustomStringConvertible {
  let host: String
  let port: Int

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// One HTTP listener: open, serving, draining.
final class Listener: Sendable {
  /// Connections that are idle for so long are closed.
  static let idleTimeout: Int64 = 75

  /// Connections at once; more wait to be accepted.
  static let connectionLimit = 1_024

  let address: ListenerAddress
  private let group: ServiceGroup
  private let opened = Opening()

  init(_ address: ListenerAddress, router: Router<GatewayContext>, logger: Logger) {
    self.address = address
    let opened = opened
    let application = Application(
      router: router,
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [RequestDeadline()],
          idleTimeout: .seconds(Self.idleTimeout))),
      configuration: .init(
        address: .hostname(address.host, port: address.port), serverName: nil, backlog: 1_024,
        availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)),
      onServerRunning: { _ in opened.resolve(.success(())) }, logger: logger)
    var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(8)
    group = ServiceGroup(configuration: configuration)
  }

  /// Serves until ``drain()``; a failure to open is delivered to ``waitUntilOpen()``.
  func run() async {
    do {
      try await group.run()
      opened.resolve(.failure(ApplianceError(.listenFailed, "the listener was closed")))
    } catch {
      opened.resolve(.failure(failure(error)))
    }
  }

  func waitUntilOpen() async throws { try await opened.value() }

  /// Accepts nothing new and lets what was begun finish.
  func drain() async { await group.triggerGracefulShutdown() }

  private func failure(_ error: any Error) -> ApplianceError {
    let words = "\(error)"
    // NIO reports the failed system call as text; EADDRINUSE is 98 on Linux.
    let isTaken = words.contains("errno: 98")
    return ApplianceError(
      isTaken ? .addressInUse : .listenFailed, "cannot listen on \(address): \(words)",
      hint: "choose another gateway.port or gateway.dashboardPort, or end what uses it")
  }
}

/// A result that arrives once.
private final class Opening: Sendable {
  private struct State {
    var result: Result<Void, any Error>?
    var waiters: [CheckedContinuation<Void, any Error>] = []
  }

  private let state = Mutex(State())

  func resolve(_ result: Result<Void, any Error>) {
    let waiters = state.withLock { state in
      if state.result == nil { state.result = result }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(with: result) }
  }

  func value() async throws {
    try await withCheckedThrowingContinuation { continuation in
      let result = state.withLock { state in
        if state.result == nil { state.waiters.append(continuation) }
        return state.result
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
