// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc

/// Work that waits for the kernel, on a thread of its own: a thread of the concurrency pool must not
/// be held by it.
public enum BlockingWork {
  /// Returns when `body` has. It must end by itself: nothing cancels it.
  ///
  /// - Parameter isInBackground: Whether others go first on the processor.
  public static func run<Value: Sendable>(
    _ name: String, isInBackground: Bool = false,
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        // On Linux this is about the thread alone (setpriority(2), "C library/kernel differences").
        if isInBackground { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
        continuation.resume(with: Result { try body() })
      }
      thread.name = name
      thread.start()
    }
  }
}
