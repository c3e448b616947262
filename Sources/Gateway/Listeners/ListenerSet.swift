// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Hummingbird
import Logging

/// The listeners of a gateway. A new address is open and serving before the old one drains.
actor ListenerSet {
  enum Role: Hashable, CaseIterable {
    case api
    case dashboard
  }

  private let routers: GatewayRouters
  private let logger: Logger
  private let starts: AsyncStream<Listener>
  private let starting: AsyncStream<Listener>.Continuation
  private var open: [Role: Listener] = [:]

  init(routers: GatewayRouters, logger: Logger) {
    self.routers = routers
    self.logger = logger
    (starts, starting) = AsyncStream.makeStream(of: Listener.self)
  }

  /// Owns the listeners' tasks; returns after ``close()`` when all have drained.
  nonisolated func run() async {
    await withDiscardingTaskGroup { group in
      for await listener in starts { group.addTask { await listener.run() } }
    }
  }

  /// Listens on `wanted`. On failure everything is as before.
  func move(to wanted: [Role: ListenerAddress]) async throws {
    let before = open
    var fresh: [Role: Listener] = [:]
    do {
      for role in Role.allCases {
        guard let address = wanted[role], open[role]?.address != address else { continue }
        fresh[role] = try await openListener(role, address)
      }
    } catch {
      for listener in fresh.values { await listener.drain() }
      await reopen(before)
      throw error
    }
    for (role, listener) in fresh {
      if let old = before[role], open[role] === old { await old.drain() }
      open[role] = listener
    }
  }

  /// Accepts nothing new.
  func close() async {
    for listener in open.values { await listener.drain() }
    open = [:]
    starting.finish()
  }

  var addresses: [Role: ListenerAddress] { open.mapValues(\.address) }

  private func openListener(_ role: Role, _ address: ListenerAddress) async throws -> Listener {
    do {
      return try await start(role, address)
    } catch let error as ApplianceError where error.code == .addressInUse {
      // One of our own may hold the port under another host or role; it has to go first.
      guard let holder = open.first(where: { $0.value.address.port == address.port }) else {
        throw error
      }
      await holder.value.drain()
      open[holder.key] = nil
      return try await retry(role, address)
    }
  }

  private func retry(_ role: Role, _ address: ListenerAddress) async throws -> Listener {
    for _ in 0..<50 {
      do {
        return try await start(role, address)
      } catch let error as ApplianceError where error.code == .addressInUse {
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    return try await start(role, address)
  }

  private func start(_ role: Role, _ address: ListenerAddress) async throws -> Listener {
    let router = role == .api ? routers.api : routers.dashboard
    let listener = Listener(address, router: router, logger: logger)
    starting.yield(listener)
    try await listener.waitUntilOpen()
    return listener
  }

  private func reopen(_ before: [Role: Listener]) async {
    for (role, listener) in before where open[role] == nil {
      do {
        open[role] = try await retry(role, listener.address)
      } catch {
        logger.error("cannot listen again", metadata: ["address": "\(listener.address)"])
      }
    }
  }
}
