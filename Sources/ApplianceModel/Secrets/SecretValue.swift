// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The value of a secret: it can be used, but not printed, encoded or interpolated.
///
/// A reference type, so that there is one copy to wipe: the bytes are overwritten when the last
/// holder lets go.
public final class SecretValue: @unchecked Sendable {
  // `@unchecked Sendable`: the buffer is written in `init` and `deinit` only.
  private let buffer: UnsafeMutableRawBufferPointer

  public init(copying bytes: some Collection<UInt8>) {
    buffer = .allocate(byteCount: bytes.count, alignment: 1)
    buffer.copyBytes(from: bytes)
  }

  deinit {
    for index in buffer.indices {
      buffer.storeBytes(of: 0, toByteOffset: index, as: UInt8.self)
    }
    buffer.deallocate()
  }

  public var count: Int { buffer.count }

  /// Lends the bytes; they must not leave the closure.
  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeRawBufferPointer(buffer))
  }
}

extension SecretValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var debugDescription: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
