// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Synchronization

/// Ports of this machine's loopback address.
enum Port {
  /// Below the range from which the kernel gives ports to connections, since each request of a test
  /// takes one of those.
  private static let range = 20_000..<32_000
  private static let next = Mutex(Int.random(in: range))

  /// A port that nobody listens on and no other test gets.
  static func free() throws -> Int {
    for _ in range {
      let port = next.withLock { next in
        next = next + 1 < range.upperBound ? next + 1 : range.lowerBound
        return next
      }
      // `try?`: somebody else has it; the next one then.
      if (try? Holder(port)) != nil { return port }
    }
    throw ApplianceError(.init("test.port"), "no free port")
  }

  static func free(_ count: Int) throws -> [Int] { try (0..<count).map { _ in try free() } }

  /// Somebody else who listens on a port.
  final class Holder: Sendable {
    let port: Int
    private let descriptor: Int32

    convenience init() throws { try self.init(Port.free()) }

    fileprivate init(_ port: Int) throws {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = Port.address(of: port)
      let length = socklen_t(MemoryLayout<sockaddr_in>.size)
      guard Port.lend(&address, { bind(descriptor, $0, length) }) == 0, listen(descriptor, 8) == 0
      else {
        let number = errno
        close(descriptor)
        throw ApplianceError(.init("test.port"), "port \(port) is taken: \(number)")
      }
      (self.descriptor, self.port) = (descriptor, port)
    }

    deinit { close(descriptor) }
  }

  static func connect(to port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = address(of: port)
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard lend(&address, { Foundation.connect(descriptor, $0, length) }) == 0 else {
      let number = errno
      close(descriptor)
      throw ApplianceError(.init("test.connect"), "cannot connect to \(port): \(number)")
    }
    return descriptor
  }

  static func isOpen(_ port: Int) -> Bool {
    // `try?`: a refused connection is the answer.
    guard let descriptor = try? connect(to: port) else { return false }
    close(descriptor)
    return true
  }

  /// Returns when nobody listens any more. A listener that drains ends the connections that it has
  /// still taken, so each of them tells when to look again.
  static func waitUntilClosed(_ port: Int) async {
    while let descriptor = try? connect(to: port) {  // `try?`: refused is closed
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          var byte: UInt8 = 0
          while read(descriptor, &byte, 1) > 0 {}
          close(descriptor)
          continuation.resume()
        }
      }
    }
  }

  private static func address(of port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func lend<Value>(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Value
  ) -> Value {
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
    }
  }
}
