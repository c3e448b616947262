// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CZstd

/// Zstandard frames (RFC 8878). One object serves one task at a time.
final class Zstandard {
  /// Levels above give little: 1 % at twice the time.
  static let level: Int32 = 3

  private let compressor: OpaquePointer
  private let decompressor: OpaquePointer

  /// - Throws: `backup.failed` without memory.
  init() throws {
    guard let compressor = ZSTD_createCCtx() else { throw Self.failure("set up compression") }
    guard let decompressor = ZSTD_createDCtx() else {
      ZSTD_freeCCtx(compressor)
      throw Self.failure("set up compression")
    }
    (self.compressor, self.decompressor) = (compressor, decompressor)
  }

  deinit {
    ZSTD_freeCCtx(compressor)
    ZSTD_freeDCtx(decompressor)
  }

  /// One frame, with its content size in it.
  func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      let size = ZSTD_compressCCtx(
        compressor, target.baseAddress, bound, bytes.baseAddress, bytes.count, Self.level)
      guard ZSTD_isError(size) == 0 else { throw Self.failure("compress") }
      count = size
    }
  }

  /// - Parameter length: Of the content. A frame that holds anything else is refused, and none makes
  ///   more than that.
  /// - Throws: `backup.damaged`.
  func decompress(_ frame: [UInt8], length: Int) throws -> [UInt8] {
    // One frame, of this content, with nothing after it.
    guard ZSTD_findFrameCompressedSize(frame, frame.count) == frame.count,
      ZSTD_getFrameContentSize(frame, frame.count) == UInt64(length)
    else { throw ApplianceError(.backupDamaged, "a chunk is not one compressed frame") }
    return try [UInt8](unsafeUninitializedCapacity: length) { target, count in
      let size = ZSTD_decompressDCtx(
        decompressor, target.baseAddress, length, frame, frame.count)
      guard ZSTD_isError(size) == 0, size == length else {
        throw ApplianceError(.backupDamaged, "a compressed chunk does not have its content")
      }
      count = size
    }
  }

  private static func failure(_ deed: String) -> ApplianceError {
    ApplianceError(.backupFailed, "cannot \(deed)")
  }
}

extension ApplianceError.Code {
  /// A backup, or a step of it, could not be made.
  public static let backupFailed = Self("backup.failed")
  /// The repository does not hold what was put there.
  public static let backupDamaged = Self("backup.damaged")
  /// The repository is an older one than is known, or lacks something that it had.
  public static let backupRewound = Self("backup.rewound")
  /// There is no repository, or it is another one.
  public static let backupRepository = Self("backup.repository")
  /// No key that is at hand opens the repository.
  public static let backupKey = Self("backup.key")
}
