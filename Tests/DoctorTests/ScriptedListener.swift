// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation

/// A TCP server on a free port of the loopback: one thread waits for connections, and each of them
/// gets one of its own.
final class ScriptedListener: Sendable {
  let port: UInt16
  private let descriptor: Int32

  /// - Parameter serve: Blocks as long as the connection is of use; it is closed afterwards.
  init(_ serve: @escaping @Sendable (ScriptedConnection) -> Void) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 && listen(descriptor, 64) == 0
          && getsockname(descriptor, generic, &length) == 0
      }
    }
    guard isOpen else { throw ApplianceError(.init("test.listen"), "cannot listen: \(errno)") }
    (self.descriptor, port) = (descriptor, UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread {
      while true {
        let number = accept(descriptor, nil, nil)
        guard number >= 0 else { break }
        Thread.detachNewThread { serve(ScriptedConnection(owning: number)) }
      }
      // By the thread that uses it: its number belongs to somebody else from here on.
      close(descriptor)
    }
  }

  deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// One connection of a client. Used by its own thread alone.
final class ScriptedConnection {
  private let descriptor: Int32
  /// What came and was not taken yet.
  private var buffer: [UInt8] = []

  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  enum Failure: Error {
    case ended
    case late
    case tooLong
  }

  /// Takes everything up to a mark and the mark itself.
  func take(through mark: [UInt8], limit: Int, until end: Date) throws -> [UInt8] {
    while true {
      if let found = buffer.firstRange(of: mark) {
        defer { buffer.removeFirst(found.upperBound) }
        return Array(buffer[..<found.upperBound])
      }
      guard buffer.count <= limit else { throw Failure.tooLong }
      try fill(until: end)
    }
  }

  func take(_ count: Int, until end: Date) throws -> [UInt8] {
    while buffer.count < count { try fill(until: end) }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  private func fill(until end: Date) throws {
    var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let milliseconds = Int32(max(0, min(end.timeIntervalSinceNow * 1_000, 60_000)))
    guard poll(&waited, 1, milliseconds) > 0 else { throw Failure.late }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &chunk, chunk.count)
    guard count > 0 else { throw Failure.ended }
    buffer += chunk[..<count]
  }

  func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
