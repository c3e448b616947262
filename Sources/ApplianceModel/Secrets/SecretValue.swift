// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// The value of a secret: it can be used, but not printed, encoded or interpolated.
///
/// A reference type, so that there is one copy to wipe: the bytes are overwritten when the last
/// holder lets go. They lie in pages of their own that stay out of core dumps and, as far as the
/// limit of locked memory goes (`RLIMIT_MEMLOCK`), out of swap.
public final class SecretValue: @unchecked Sendable {
  // `@unchecked Sendable`: the pages are written in `init` and `deinit` only.
  private let pages: UnsafeMutableRawPointer
  private let length: Int
  public let count: Int

  public convenience init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// Makes the value where it stays. `fill` gets `count` zero bytes.
  public init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    self.count = count
    length = max(1, (count + Self.page - 1) / Self.page) * Self.page
    pages = .allocate(byteCount: length, alignment: Self.page)
    memset(pages, 0, length)
    // Without the right to lock or to mark pages the value is as safe as any other memory.
    mlock(pages, length)
    madvise(pages, length, MADV_DONTDUMP)
    try fill(UnsafeMutableRawBufferPointer(start: pages, count: count))
  }

  deinit {
    explicit_bzero(pages, length)
    munlock(pages, length)
    madvise(pages, length, MADV_DODUMP)
    pages.deallocate()
  }

  private static let page = max(sysconf(Int32(_SC_PAGESIZE)), 4_096)

  /// Lends the bytes; they must not leave the closure.
  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: pages, count: count))
  }
}

extension SecretValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var debugDescription: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
