// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ServiceLifecycle
import Supervision
import Timeline

/// Tells the service manager that the appliance lives, as long as its database answers.
struct WatchdogService: Service {
  let manager: ServiceManager
  let store: TimelineStore

  func run() async throws {
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown { await watch() }
    } onGracefulShutdown: {
      manager.tell("STOPPING=1")
    }
  }

  private func watch() async {
    guard let interval = manager.watchdog else {
      // `try?`: cancellation is what ends the wait.
      try? await gracefulShutdown()
      return
    }
    while !Task.isCancelled {
      // `try?`: a database that does not answer is what the service manager is to notice.
      if (try? await store.probe()) != nil { manager.tell("WATCHDOG=1") }
      // `try?`: cancellation ends the loop.
      try? await Task.sleep(for: interval / 3)
    }
  }
}
