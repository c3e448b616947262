// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// Keeps a crash loop from filling the history: three restarts a minute and component.
struct RestartLog {
  private var recent: [ComponentName: [Date]] = [:]

  mutating func admit(_ component: ComponentName, at now: Date) -> Bool {
    let kept = (recent[component] ?? []).filter { now.timeIntervalSince($0) < 60 }
    recent[component] = kept.count < 3 ? kept + [now] : kept
    return kept.count < 3
  }
}
