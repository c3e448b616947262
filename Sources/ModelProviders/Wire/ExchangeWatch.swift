// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Synchronization

/// What one answer may take.
struct ExchangeLimits: Sendable {
  /// From the request to the end of the answer.
  var total: Duration
  /// Between two events once the response has begun.
  var idle: Duration
  /// From the last event of meaning to the end of the response.
  var rest: Duration = .milliseconds(500)
  /// Bytes of an answer.
  var answer = 16 << 20
  /// Bytes of a response that tells an error.
  var error = 64 << 10

  /// A model that thinks for long is given a longer time in all, and half of it to be silent.
  init(total: Duration, idle: Duration? = nil) {
    self.total = total
    self.idle = idle ?? max(.seconds(60), total / 2)
  }
}

/// Ends an exchange that takes too long, or in which nothing happens.
final class ExchangeWatch: Sendable {
  private struct State {
    var latest: ContinuousClock.Instant?
    var completion: Completion?
  }

  private let limits: ExchangeLimits
  private let provider: String
  private let clock = ContinuousClock()
  private let begin: ContinuousClock.Instant
  private let state = Mutex(State())

  init(_ limits: ExchangeLimits, provider: String) {
    (self.limits, self.provider, begin) = (limits, provider, clock.now)
  }

  /// The response began, or an event arrived. A comment counts: servers send them while a model
  /// thinks.
  func sawEvent() {
    state.withLock { $0.latest = clock.now }
  }

  /// The answer is whole; what is left of the response is read so that its connection can be used
  /// again.
  func keep(_ completion: Completion) {
    state.withLock { $0.completion = completion }
  }

  var completion: Completion? { state.withLock { $0.completion } }

  /// Returns the kept answer where the response does not end, or throws, when the time is over.
  func expiry() async throws -> Completion {
    let tick = min(limits.rest, limits.idle)
    while true {
      let (now, state) = (clock.now, state.withLock { $0 })
      let silence = state.latest.map { now - $0 } ?? .zero
      if let completion = state.completion {
        if silence >= limits.rest { return completion }
      } else if silence >= limits.idle {
        throw failed("nothing arrived for \(limits.idle)")
      } else if now - begin >= limits.total {
        throw failed("the answer took more than \(limits.total)")
      }
      try await clock.sleep(until: min(now + tick, max(begin + limits.total, now + tick / 8)))
    }
  }

  private func failed(_ message: String) -> ModelFailure {
    ModelFailure(.transient, provider: provider, message)
  }
}
