// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Keeps a provider from being asked that failed again and again. After a pause one request may
/// try; its outcome closes the circuit, or opens it for twice as long.
struct CircuitBreaker: Sendable {
  enum Admission: Sendable, Equatable {
    case open
    case probe
    case refused(ModelFailure.Class, wait: Duration)
  }

  /// Failures in a row that open the circuit.
  static let threshold = 5
  static let pause: Duration = .seconds(30)
  /// After failures that only an operator can end.
  static let longPause: Duration = .seconds(120)
  static let longestPause: Duration = .seconds(600)

  private struct Opening {
    let reason: ModelFailure.Class
    let pause: Duration
    let end: Duration
    var isProbing = false
  }

  private var failures = 0
  private var opening: Opening?

  var isClosed: Bool { opening == nil }

  /// Whether a request may go out now. A probe must be followed by ``succeeded()``,
  /// ``failed(_:at:)`` or ``abandoned()``.
  mutating func admit(at now: Duration) -> Admission {
    guard let opening else { return .open }
    guard now >= opening.end else {
      return .refused(opening.reason, wait: opening.end - now)
    }
    guard !opening.isProbing else { return .refused(opening.reason, wait: .seconds(1)) }
    self.opening?.isProbing = true
    return .probe
  }

  mutating func succeeded() {
    (failures, opening) = (0, nil)
  }

  /// A request was given up before it had an outcome.
  mutating func abandoned() {
    opening?.isProbing = false
  }

  /// Returns the pause when this failure opens the circuit.
  mutating func failed(_ failure: ModelFailure, at now: Duration) -> Duration? {
    switch failure.class {
    case .money, .authentication: return open(failure, first: Self.longPause, at: now)
    case .transient, .overloaded, .rateLimited:
      failures += 1
      guard opening != nil || failures >= Self.threshold else { return nil }
      return open(failure, first: Self.pause, at: now)
    case .invalid, .contextLength, .contentFilter, .truncated, .malformed:
      // The provider is there; this request is what it does not answer.
      succeeded()
      return nil
    }
  }

  private mutating func open(
    _ failure: ModelFailure, first: Duration, at now: Duration
  ) -> Duration? {
    if let opening, !opening.isProbing, now < opening.end { return nil }
    let pause = max(
      opening.map { min($0.pause * 2, Self.longestPause) } ?? first,
      min(failure.retryAfter ?? .zero, Self.longestPause))
    opening = Opening(reason: failure.class, pause: pause, end: now + pause)
    return pause
  }
}
