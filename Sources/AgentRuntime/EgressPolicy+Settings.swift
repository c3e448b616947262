// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Planning
import Tools

extension EgressPolicy {
  /// The pages that the desired state allows.
  init(_ web: AgentSettings.Web) {
    self.init(hosts: web.hosts, maxBytes: web.maxBytes, timeout: web.timeout)
  }
}
