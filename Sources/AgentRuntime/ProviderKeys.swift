// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import ControlAPI
import Logging
import ModelProviders
import Synchronization

/// The keys of model providers on their way to the agent.
public struct ProviderKeys: Sendable {
  private let keys: [String: SecretValue]

  /// - Parameter keys: By the provider's name.
  public init(_ keys: [String: SecretValue]) { self.keys = keys }

  init(_ sealed: SealedSettings) throws {
    let texts =
      sealed.bytes.isEmpty
      ? [:] : try ApplianceJSON.decode([String: [UInt8]].self, from: sealed.bytes)
    self.init(texts.mapValues { SecretValue(copying: $0) })
  }

  /// As it travels over the component's own socket.
  public var sealed: SealedSettings {
    get throws {
      SealedSettings(try ApplianceJSON.encode(keys.mapValues { $0.withBytes { Array($0) } }))
    }
  }

  /// - Throws: Errors of the catalog, for a route that cannot be.
  func provider(
    for routes: [ModelRoute], client: ModelClient, logger: Logger
  ) throws -> any ModelProvider {
    try ModelRouter(
      routes: routes.map { ($0, keys[$0.provider]) }, client: client,
      onEvent: { logger.warning("model", metadata: ["event": "\($0)"]) })
  }
}
