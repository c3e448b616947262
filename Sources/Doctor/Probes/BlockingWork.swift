// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// Work that waits for the kernel, on a thread of its own: a thread of the concurrency pool must not
/// be held by it.
enum BlockingWork {
  /// Returns when `body` has. It must end by itself: nothing cancels it.
  static func run<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { continuation.resume(with: Result { try body() }) }
      thread.name = name
      thread.start()
    }
  }
}
