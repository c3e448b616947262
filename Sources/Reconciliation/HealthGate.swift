// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

/// What is wrong with one component.
public struct HealthProblem: Sendable, Equatable {
  public let component: String
  public let message: String
  /// Waiting will not help: it refused its configuration, or keeps ending.
  public let isFinal: Bool

  public init(_ component: String, _ message: String, isFinal: Bool) {
    (self.component, self.message, self.isFinal) = (component, message, isFinal)
  }
}

/// Decides, look by look, whether a change is healthy: so many looks in a row, spread over a
/// window, before a deadline. A value.
struct HealthGate: Sendable {
  enum Verdict: Equatable {
    case healthy
    /// Look again after this long.
    case again(Duration)
    case failed(String)
  }

  private let needed: Int
  private let pause: Duration
  private let timeout: Duration
  /// What was wrong before the change is not the change's fault.
  private let before: Set<String>
  private var passes = 0

  /// - Parameter soaks: Whether there is something to go back to; else one look is enough.
  init(_ settings: HealthSpec, unhealthyBefore: Set<String>, soaks: Bool) {
    let needed = soaks && settings.window.seconds > 0 ? max(1, settings.passes.value) : 1
    self.needed = needed
    pause = needed > 1 ? settings.window.duration / (needed - 1) : .milliseconds(200)
    timeout = settings.timeout.duration
    before = unhealthyBefore
  }

  /// Takes a look's findings, `elapsed` after the first look.
  mutating func take(_ problems: [HealthProblem], elapsed: Duration) -> Verdict {
    let caused = problems.filter { !before.contains($0.component) }
    guard let worst = caused.first(where: \.isFinal) ?? caused.first else {
      passes += 1
      return passes >= needed ? .healthy : .again(pause)
    }
    passes = 0
    if worst.isFinal { return .failed(worst.message) }
    guard elapsed < timeout else {
      return .failed("\(worst.message), still after \(timeout.components.seconds) s")
    }
    return .again(min(pause, .milliseconds(500)))
  }
}
