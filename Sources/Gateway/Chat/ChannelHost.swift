// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import Logging
import SodiumCrypto
import Synchronization

/// The chat channels of a gateway. A channel whose settings and secrets stay the same runs on when
/// another one changes.
final class ChannelHost: Sendable {
  private struct Entry {
    /// Of settings and secrets.
    let identity: KeyedHash
    /// `nil` for one that could not begin.
    let runner: ChannelRunner?
    let problem: String?
  }

  private let link: ComponentLink
  private let logger: Logger
  private let client = PlatformClient()
  private let key = HashKey.random()
  private let entries = Mutex<[String: Entry]>([:])
  private let starts: AsyncStream<ChannelRunner>
  private let starting: AsyncStream<ChannelRunner>.Continuation

  init(link: ComponentLink, logger: Logger) {
    (self.link, self.logger) = (link, logger)
    (starts, starting) = AsyncStream.makeStream(of: ChannelRunner.self)
  }

  /// Owns the channels' tasks; returns after ``close()`` when all have ended.
  func run() async {
    await withDiscardingTaskGroup { group in
      for await runner in starts { group.addTask { await runner.run() } }
    }
    do { try await client.shutdown() } catch {
      logger.debug("connections to platforms were open", metadata: ["error": "\(type(of: error))"])
    }
  }

  /// Takes settings and secrets as they are now: starts, stops and exchanges what differs.
  func move(to routes: [ChannelRoute], _ secrets: (String) -> ChannelSecrets) {
    entries.withLock { entries in
      let wanted = Dictionary(routes.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
      for (name, entry) in entries where wanted[name] == nil {
        entry.runner?.stop()
        entries[name] = nil
      }
      for (name, route) in wanted {
        let secrets = secrets(name)
        let identity = identity(of: route, secrets)
        guard entries[name]?.identity != identity else { continue }
        entries[name]?.runner?.stop()
        entries[name] = entry(route, secrets, identity)
      }
    }
  }

  private func entry(
    _ route: ChannelRoute, _ secrets: ChannelSecrets, _ identity: KeyedHash
  ) -> Entry {
    do {
      let adapter = try ChannelCatalog.channel(route, secrets, client: client)
      let runner = ChannelRunner(adapter, ChannelScreen(secrets), link, logger)
      starting.yield(runner)
      return Entry(identity: identity, runner: runner, problem: nil)
    } catch {
      let words = ApplianceError.of(error).message
      logger.error("a channel does not begin", metadata: ["error": "\(words)"])
      return Entry(identity: identity, runner: nil, problem: words)
    }
  }

  private func identity(of route: ChannelRoute, _ secrets: ChannelSecrets) -> KeyedHash {
    var bytes = CanonicalJSON.bytes(route.json)
    for secret in [secrets.signing, secrets.verify, secrets.token] {
      // Hashed apart, so that no secret can end where another begins.
      bytes += secret.map { KeyedHash(of: $0, key: key).bytes } ?? [0]
    }
    return KeyedHash(of: SecretValue(copying: bytes), key: key)
  }

  /// Stops all channels.
  func close() {
    entries.withLock { entries in
      for entry in entries.values { entry.runner?.stop() }
      entries = [:]
    }
    starting.finish()
  }

  /// The channel of this name, where its platform sends requests.
  func webhook(_ name: String) -> (any WebhookChannel)? {
    entries.withLock { $0[name]?.runner?.adapter as? any WebhookChannel }
  }

  /// Asks the platform of one channel, or of all, now.
  func probe(_ name: String?) async {
    let runners = entries.withLock { entries in
      entries.filter { name == nil || $0.key == name }.compactMap(\.value.runner)
    }
    await withDiscardingTaskGroup { group in
      for runner in runners { group.addTask { await runner.look() } }
    }
  }

  var reports: [ChannelReport] {
    entries.withLock { $0 }.sorted { $0.key < $1.key }.map { name, entry in
      entry.runner?.report
        ?? ChannelReport(
          name: name, isHealthy: false, isProven: false, isFinal: true, message: entry.problem)
    }
  }
}
