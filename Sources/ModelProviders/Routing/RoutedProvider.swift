// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization

/// One provider of a router with its circuit.
final class RoutedProvider: Sendable {
  let provider: any BoundedProvider
  /// Most time for an answer, all attempts together.
  let timeout: Duration
  private let breaker = Mutex(CircuitBreaker())
  private let policy = RetryPolicy()
  private let clock: RouterClock
  private let onEvent: @Sendable (RouterEvent) -> Void

  init(
    _ provider: any BoundedProvider, timeout: Duration, clock: RouterClock,
    onEvent: @escaping @Sendable (RouterEvent) -> Void
  ) {
    (self.provider, self.timeout, self.clock, self.onEvent) = (provider, timeout, clock, onEvent)
  }

  /// Asks until there is an answer, or a failure that asking again does not help.
  func complete(_ request: CompletionRequest) async throws -> Completion {
    let end = clock.now() + timeout
    var attempt = 1
    while true {
      do {
        return try await self.attempt(request, within: end - clock.now())
      } catch let failure as ModelFailure {
        onEvent(.failed(failure, attempt: attempt))
        let delay = policy.delay(
          after: failure, attempt: attempt, remaining: end - clock.now(), jitter: clock.jitter())
        guard let delay, breaker.withLock({ $0.isClosed }) else { throw failure }
        onEvent(.retrying(provider: provider.name, after: delay))
        try await clock.sleep(delay)
        attempt += 1
      }
    }
  }

  private func attempt(
    _ request: CompletionRequest, within limit: Duration
  ) async throws -> Completion {
    let admission = breaker.withLock { $0.admit(at: clock.now()) }
    if case .refused(let reason, let wait) = admission {
      throw ModelFailure(
        reason, provider: provider.name,
        "not asked, since it failed before; tried again in \(wait.components.seconds) s",
        retryAfter: wait)
    }
    do {
      let completion = try await provider.complete(request, within: limit)
      succeeded()
      return completion
    } catch let failure as ModelFailure {
      failed(failure)
      throw failure
    } catch {
      if admission == .probe { breaker.withLock { $0.abandoned() } }
      throw error
    }
  }

  private func succeeded() {
    let wasClosed = breaker.withLock { breaker in
      defer { breaker.succeeded() }
      return breaker.isClosed
    }
    if !wasClosed { onEvent(.circuitClosed(provider: provider.name)) }
  }

  private func failed(_ failure: ModelFailure) {
    let (pause, didClose) = breaker.withLock { breaker in
      let wasClosed = breaker.isClosed
      let pause = breaker.failed(failure, at: clock.now())
      return (pause, !wasClosed && breaker.isClosed)
    }
    if let pause {
      onEvent(.circuitOpened(provider: provider.name, because: failure.class, for: pause))
    } else if didClose {
      onEvent(.circuitClosed(provider: provider.name))
    }
  }
}
