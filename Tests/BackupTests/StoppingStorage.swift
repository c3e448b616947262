// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization

@testable import Backup

/// A repository whose writer stops at its n-th change: before it, or after it was made and before the
/// writer learns of it. From then on nothing is done.
final class StoppingStorage: BackupStorage {
  struct Stopped: Error {}

  private let base: any BackupStorage
  private let isMade: Bool
  private let rest: Mutex<Int>

  /// - Parameter isMade: Whether the change at which it stops takes effect.
  init(_ base: any BackupStorage, at change: Int, isMade: Bool) {
    (self.base, self.isMade) = (base, isMade)
    rest = Mutex(change)
  }

  var address: String { base.address }
  var isRemote: Bool { base.isRemote }

  private func change(_ body: () throws -> Void) throws {
    let rest = rest.withLock { rest in
      rest -= 1
      return rest
    }
    guard rest > 0 else {
      if rest == 0 && isMade { try body() }
      throw Stopped()
    }
    try body()
  }

  func prepare() throws { try change { try base.prepare() } }
  func add(_ name: String, _ bytes: [UInt8]) throws { try change { try base.add(name, bytes) } }
  func remove(_ name: String) throws { try change { try base.remove(name) } }

  func read(_ name: String, limit: Int) throws -> [UInt8] { try base.read(name, limit: limit) }
  func read(_ name: String, _ range: Range<Int>) throws -> [UInt8] {
    try base.read(name, range)
  }
  func file(_ name: String) throws -> StoredFile? { try base.file(name) }
  func files(in folder: String) throws -> [StoredFile] { try base.files(in: folder) }
  func lock(_ purpose: String) throws -> StorageLock? { try base.lock(purpose) }
}
