// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Synchronization
import TestSupport

/// A port of this host on which the test itself listens.
final class BusyPort: Sendable {
  let number: Int
  private let listener = Mutex<Int32>(-1)

  init() throws {
    number = try FreePort.next()
  }

  func occupy() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: number).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0
      }
    }
    guard isBound, listen(descriptor, 1) == 0 else {
      close(descriptor)
      throw POSIXError(.EADDRINUSE)
    }
    listener.withLock { $0 = descriptor }
  }

  deinit {
    listener.withLock { if $0 >= 0 { close($0) } }
  }
}
