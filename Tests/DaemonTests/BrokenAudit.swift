// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Timeline

extension AccessBench {
  private var aside: String { paths.audit + ".aside" }

  /// A file stands where the folder of the log was: that also stops root.
  func breakAudit() throws {
    if FileManager.default.fileExists(atPath: paths.audit) {
      try FileManager.default.moveItem(atPath: paths.audit, toPath: aside)
    }
    try Data().write(to: URL(filePath: paths.audit))
  }

  func mendAudit() throws {
    try FileManager.default.removeItem(atPath: paths.audit)
    if FileManager.default.fileExists(atPath: aside) {
      try FileManager.default.moveItem(atPath: aside, toPath: paths.audit)
    }
  }

  func toolDecisions() async throws -> [DecisionRecord] {
    try await store.decisions(limit: 100).filter { $0.kind == .tool }
  }

  func isAuthorised(_ id: MessageID, _ worker: String) async throws -> Bool {
    try await store.work(id, by: worker).steps.contains { step in
      if case .authorised = step { true } else { false }
    }
  }
}
