// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Synchronization

/// Ports that nobody listens on, each given once. They are below those that the kernel hands out to
/// whoever connects (`ip_local_port_range`): those are taken at any time.
public enum FreePort {
  private static let range = 12_000...32_000
  private static let used = Mutex<Set<Int>>([])

  public static func next() throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: range)
      if used.withLock({ $0.insert(port).inserted }), isFree(port) { return port }
    }
    throw POSIXError(.EADDRINUSE)
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    // Whoever listens on any address listens here too.
    address.sin_addr.s_addr = INADDR_ANY
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
