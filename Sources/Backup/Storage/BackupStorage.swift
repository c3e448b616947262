// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials

/// A file of a repository, as its storage lists it.
public struct StoredFile: Sendable, Equatable {
  /// In the repository: `packs/ab/abc…`.
  public let name: String
  /// Bytes.
  public let size: Int
  /// When the storage took it, by the storage's clock.
  public let time: Date

  public init(name: String, size: Int, time: Date) {
    (self.name, self.size, self.time) = (name, size, time)
  }
}

/// Where the files of a repository lie. Files appear whole, under a name that nothing has then, and
/// do not change; what was added is there after a power cut.
///
/// Calls wait for their end. Errors of storage that cannot be reached have the code `backup.storage`:
/// nothing is known then, and what cannot be seen is not absent.
public protocol BackupStorage: Sendable {
  /// What people call it: a path, or an address without its credentials.
  var address: String { get }
  /// Whether reading a part of a file costs about as much as reading all of it.
  var isRemote: Bool { get }

  /// Makes the place of a new repository.
  ///
  /// - Throws: `backup.repository` when something is there.
  func prepare() throws

  /// Stores a file that is not there yet.
  ///
  /// - Throws: `backup.exists` when there is one of this name, which stays as it is.
  func add(_ name: String, _ bytes: [UInt8]) throws

  /// The whole content of a file.
  ///
  /// - Parameter limit: Bytes, beyond which it is refused.
  /// - Throws: `io.missing` when there is none.
  func read(_ name: String, limit: Int) throws -> [UInt8]

  /// A part of a file.
  ///
  /// - Throws: `io.missing`; `backup.damaged` when the file ends before the range does.
  func read(_ name: String, _ range: Range<Int>) throws -> [UInt8]

  /// - Returns: `nil` when it is certain that none is there.
  func file(_ name: String) throws -> StoredFile?

  /// Every file below a folder, by name. What an interrupted ``add(_:_:)`` left is not among them.
  func files(in folder: String) throws -> [StoredFile]

  /// Removes a file; an absent one is fine.
  func remove(_ name: String) throws

  /// Keeps other writers of this host away until it is let go, or the process ends. `nil` where
  /// storage has no locks: there the name of the next head, which only one can add, decides.
  ///
  /// - Throws: `io.lock-held`.
  func lock(_ purpose: String) throws -> StorageLock?
}

/// Held by whoever writes, and gone with its process.
public final class StorageLock {
  private let lock: FileLock

  init(_ lock: consuming FileLock) { self.lock = lock }
}
