// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Backup
import ControlAPI
import DesiredState
import Doctor
import DurableIO
import FoundationEssentials
import Timeline

/// What a host is to have in order beside its processes.
struct Upkeep: Sendable {
  let paths: AppliancePaths
  let audit: HostAudit
  let store: TimelineStore

  func backup(_ spec: BackupSpec?, at now: Date) -> ApplianceStatus.Backup? {
    guard let spec else { return nil }
    let look: BackupLook
    do { look = try self.look(spec, now) } catch {
      return .init(
        made: nil, verified: nil, drilled: nil, problems: [ApplianceError.of(error).message])
    }
    return .init(
      made: look.done(.create), verified: look.done(.verify), drilled: look.done(.drill),
      problems: look.problems)
  }

  func look(_ spec: BackupSpec, _ now: Date) throws -> BackupLook {
    BackupLook(spec: spec, record: try BackupRecordFile(paths).read(), now: now)
  }

  func auditLog() -> ApplianceStatus.Audit {
    do {
      try audit.files.requireWritable()
      return .init(problem: nil)
    } catch {
      return .init(problem: ApplianceError.of(error).message)
    }
  }

  func deadLetters() async throws -> [ApplianceStatus.DeadLetters] {
    try await store.deadLetterCounts().map { .init(channel: $0.channel, count: $0.count) }
  }
}
