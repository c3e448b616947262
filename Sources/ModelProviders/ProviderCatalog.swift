// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The providers that this program can speak to.
public enum ProviderCatalog {
  /// The embedded provider, and its only model.
  public static let offline = "offline"

  /// The provider at the end of a route.
  ///
  /// - Parameters:
  ///   - key: Sent in a header, to the route's own host only. `nil` where the server wants none.
  ///   - client: Its connections are used; not needed for the embedded provider.
  /// - Throws: `provider.model-unknown`, `provider.address-invalid`, `provider.insecure-address`,
  ///   `provider.key-invalid`, `provider.unknown`.
  public static func provider(
    for route: ModelRoute, key: SecretValue?, client: ModelClient?
  ) throws -> any ModelProvider {
    try bounded(for: route, key: key, client: client)
  }

  static func bounded(
    for route: ModelRoute, key: SecretValue?, client: ModelClient?
  ) throws -> any BoundedProvider {
    guard route.protocol != .offline else { return try offline(route) }
    guard let client else {
      throw ApplianceError(
        .providerUnknown, "provider \"\(route.provider)\" needs a network client")
    }
    let endpoint = try ProviderEndpoint(route, key: key)
    guard let model = route.model, !model.isEmpty else {
      throw ApplianceError(
        .modelUnknown, "provider \"\(route.provider)\" has no model",
        hint: "name one in the desired state")
    }
    return HTTPProvider(
      endpoint: endpoint, model: model, answerTokens: route.answerTokens,
      limits: ExchangeLimits(total: .seconds(max(1, route.timeout))), client: client)
  }

  private static func offline(_ route: ModelRoute) throws -> OfflineProvider {
    guard route.model == nil || route.model == offline else {
      throw ApplianceError(
        .modelUnknown, "provider \"\(route.provider)\" has no model \"\(route.model ?? "")\"",
        hint: "its only model is \"\(offline)\"; or leave the model out")
    }
    return OfflineProvider(name: route.provider)
  }

  /// An upper estimate of the input's tokens: one for three bytes, and a little for each part. The
  /// answer's tokens come on top.
  public static func estimate(_ request: CompletionRequest) -> Int {
    var (bytes, parts) = (request.instructions.utf8.count + request.text.utf8.count, 2)
    for exchange in request.history {
      bytes += exchange.text.utf8.count + exchange.reply.utf8.count
      parts += 2
    }
    for ended in request.calls {
      bytes += CanonicalJSON.bytes(ended.call.arguments).count + ended.call.tool.utf8.count
      bytes += (ended.call.remark?.utf8.count ?? 0) + (ended.call.reference?.utf8.count ?? 0)
      bytes += ended.result.textForModel.utf8.count
      parts += 2
    }
    for tool in request.tools {
      bytes += tool.name.utf8.count + tool.summary.utf8.count
      bytes += CanonicalJSON.bytes(tool.parameters).count
      parts += 1
    }
    return bytes / 3 + parts * 12 + 16
  }
}

/// A provider whose answer can be bound in time.
protocol BoundedProvider: ModelProvider {
  /// - Parameter limit: Most time for the answer; the provider's own limit counts too.
  func complete(_ request: CompletionRequest, within limit: Duration) async throws -> Completion
}
