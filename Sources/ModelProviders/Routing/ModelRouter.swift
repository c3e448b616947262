// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Asks the declared providers in their order: the first, and the others only where it is too
/// busy, out of order or out of reach. ``Completion/provider`` tells who answered.
///
/// Another provider sees the whole conversation, so none is asked that the desired state does not
/// name. The circuits live as long as the router: keep it while its routes and keys stay.
public struct ModelRouter: ModelProvider {
  public let name: String
  private let routes: [RoutedProvider]
  private let onEvent: @Sendable (RouterEvent) -> Void

  /// - Parameters:
  ///   - routes: The first is asked first; never empty.
  ///   - client: Not needed where all providers are embedded.
  /// - Throws: What ``ProviderCatalog/provider(for:key:client:)`` throws; `provider.unknown` when
  ///   there is no route.
  public init(
    routes: [(ModelRoute, key: SecretValue?)], client: ModelClient?, clock: RouterClock = .system,
    onEvent: @escaping @Sendable (RouterEvent) -> Void = { _ in }
  ) throws {
    let providers = try routes.map { route, key in
      (
        try ProviderCatalog.bounded(for: route, key: key, client: client),
        Duration.seconds(max(1, route.timeout))
      )
    }
    try self.init(providers: providers, clock: clock, onEvent: onEvent)
  }

  init(
    providers: [(any BoundedProvider, timeout: Duration)], clock: RouterClock,
    onEvent: @escaping @Sendable (RouterEvent) -> Void = { _ in }
  ) throws {
    guard let first = providers.first else {
      throw ApplianceError(
        .providerUnknown, "no provider is declared", hint: "name one in the desired state")
    }
    name = first.0.name
    routes = providers.map {
      RoutedProvider($0.0, timeout: $0.timeout, clock: clock, onEvent: onEvent)
    }
    self.onEvent = onEvent
  }

  /// - Throws: The failure of the last provider asked.
  public func complete(_ request: CompletionRequest) async throws -> Completion {
    var last: ModelFailure?
    for route in routes {
      if let last {
        onEvent(
          .fallback(from: last.provider, to: route.provider.name, because: last.class))
      }
      do {
        return try await route.complete(request)
      } catch let failure as ModelFailure where failure.isFallbackAllowed {
        last = failure
      }
    }
    throw last ?? ModelFailure(.invalid, provider: name, "no provider is declared")
  }
}
