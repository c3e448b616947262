// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Logging
import ServiceLifecycle
import Supervision

/// Hands the gateway its tokens as they are: what was rotated or revoked takes effect without a new
/// configuration, also where the command that did it ended before it could say so.
struct SecretService: Service {
  /// Seconds between two looks.
  static let interval: Duration = .seconds(5)

  let gateway: ComponentSupervisor
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await Task.sleep(for: Self.interval)
          try await gateway.reseal()
        } catch is CancellationError {
          return
        } catch {
          logger.error(
            "cannot hand the gateway its tokens",
            metadata: ["error": "\(ApplianceError.of(error).message)"])
        }
      }
    }
  }
}
