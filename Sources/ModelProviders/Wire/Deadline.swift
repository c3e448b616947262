// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Bounds an effect in time.
enum Deadline {
  /// - Throws: ``ModelFailure`` of class transient when the time is over first.
  static func run<Value: Sendable>(
    total: Duration, provider: String, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await run(body) {
      try await Task.sleep(for: total)
      throw ModelFailure(.transient, provider: provider, "no answer within \(total)")
    }
  }

  /// Runs both until one has ended, which cancels the other.
  static func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value,
    until watch: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let value = try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask { try await body() }
      group.addTask { try await watch() }
      defer { group.cancelAll() }
      return try await group.next()
    }
    try Task.checkCancellation()
    guard let value else { throw CancellationError() }
    return value
  }
}
