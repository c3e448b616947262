// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How long a component that runs may be silent: about a minute and a half, since a busy host is no reason.
public struct SilencePatience: Sendable {
  /// Between two questions, and how long each is waited for.
  var pause: Duration = .seconds(15)
  /// So many unanswered ones in a row.
  var misses = 3

  public init() {}

  /// Asks again and again.
  ///
  /// - Parameter isAnswering: Throws when there is nobody to ask any more.
  /// - Returns: `true` once too many questions in a row had no answer; `false` when there is nobody to ask, or the
  ///   task is cancelled.
  func isLost(_ isAnswering: () async throws -> Bool) async -> Bool {
    var missed = 0
    while missed < misses {
      do {
        try await Task.sleep(for: pause)
        missed = try await isAnswering() ? 0 : missed + 1
      } catch {
        return false
      }
    }
    return true
  }
}
