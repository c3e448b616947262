// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Dispatch
import Foundation
import Glibc

extension ApplianceError.Code {
  /// The other side of the link is gone.
  public static let linkClosed = Self("link.closed")
}

/// Length-prefixed frames over a connected socket: four bytes, big endian, then so many bytes.
///
/// Reading has a thread and writing a queue of its own, so that a slow peer never holds a thread
/// of the concurrency pool.
final class FrameChannel: Sendable {
  /// The largest frame. Bytes.
  static let limit = 48 << 20

  private let descriptor: Int32
  private let writing: DispatchQueue

  init(owning descriptor: Int32, name: String) {
    self.descriptor = descriptor
    writing = DispatchQueue(label: "kafclaw.link.\(name)")
  }

  deinit { close(descriptor) }

  /// The frames that arrive, until end of file or a violation. Call once.
  func frames() -> AsyncStream<[UInt8]> {
    let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    let thread = Thread { [self] in
      while let frame = readFrame() { continuation.yield(frame) }
      continuation.finish()
    }
    thread.name = "link-reader"
    thread.start()
    return stream
  }

  /// Queues a frame; failure shows as the end of ``frames()``.
  func send(_ payload: [UInt8]) {
    let length = UInt32(clamping: payload.count)
    let header = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
    writing.async { [self] in write(header + payload) }
  }

  /// Sends a frame and returns when the kernel has it.
  func sendAndWait(_ payload: [UInt8]) {
    send(payload)
    writing.sync {}
  }

  /// Ends both directions; the reader sees end of file.
  func shutDown() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  private func write(_ bytes: [UInt8]) {
    var offset = 0
    while offset < bytes.count {
      let sent = bytes.withUnsafeBytes { buffer in
        Glibc.send(
          descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset,
          Int32(MSG_NOSIGNAL))
      }
      if sent < 0 && errno == EINTR { continue }
      guard sent > 0 else { return shutDown() }
      offset += sent
    }
  }

  private func readFrame() -> [UInt8]? {
    guard let header = readExactly(4) else { return nil }
    let length = header.reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.limit else { return nil }
    return readExactly(length)
  }

  private func readExactly(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var offset = 0
    while offset < count {
      let received = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + offset }, count - offset)
      }
      if received < 0 && errno == EINTR { continue }
      guard received > 0 else { return nil }
      offset += received
    }
    return bytes
  }
}
