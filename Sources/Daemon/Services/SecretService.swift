// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Logging
import ServiceLifecycle
import Supervision

/// Hands gateway and agent their secrets as they are: what was rotated or revoked takes effect
/// without a new configuration, also where the command that did it ended before it could say so.
struct SecretService: Service {
  /// Between two looks.
  static let interval: Duration = .seconds(5)

  let secrets: CurrentSecrets
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        for error in await secrets.refresh() {
          logger.error("cannot hand out secrets", metadata: ["error": "\(error.message)"])
        }
        // `try?`: a cancelled pause only ends early.
        try? await Task.sleep(for: Self.interval)
      }
    }
  }
}

/// Everybody who works with secrets as they are now.
struct CurrentSecrets: Sendable {
  /// The gateway first: what it must refuse counts most.
  let components: [ComponentSupervisor]
  let screen: SecretScreen

  /// Lets what changed take effect. One that cannot be told keeps no other from being told.
  ///
  /// - Returns: What went wrong.
  func refresh() async -> [ApplianceError] {
    var errors: [ApplianceError] = []
    for component in components {
      do { try await component.reseal() } catch { errors.append(ApplianceError.of(error)) }
    }
    do { try screen.refresh() } catch { errors.append(ApplianceError.of(error)) }
    return errors
  }
}
