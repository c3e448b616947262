// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// A TCP socket that waits for connections, as the kernel lists it in `/proc/net/tcp` and
/// `/proc/net/tcp6` (proc_pid_net(5)).
struct ListeningSocket: Sendable, Equatable {
  /// Four bytes or sixteen, in the order of the network.
  let address: [UInt8]
  let port: UInt16
  /// Whose it is.
  let user: UInt32
  let inode: UInt64

  /// Those of this host, of both families.
  ///
  /// - Throws: `io.*`, `doctor.unreadable`.
  static func all(_ system: SystemFiles) throws -> [ListeningSocket] {
    let table = "/proc/net/tcp"
    guard let text = try system.text(table) else {
      throw ApplianceError(.unreadable, "there is no \(table)")
    }
    // There is no second table where the kernel has no IPv6.
    return try all(in: text) + all(in: try system.text(table + "6") ?? "")
  }

  /// - Throws: `doctor.unreadable` for a line that has not its form.
  static func all(in table: String) throws -> [ListeningSocket] {
    try table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count >= 10, let (address, port) = endpoint(fields[1]),
        let user = UInt32(fields[7]), let inode = UInt64(fields[9])
      else { throw ApplianceError(.unreadable, "the kernel's list of sockets has not its form") }
      guard fields[3] == "0A" else { return nil }
      return ListeningSocket(address: address, port: port, user: user, inode: inode)
    }
  }

  /// `0100007F:4966`: the address in words of 32 bits, each in the order of the processor, which is
  /// little-endian wherever this program runs; the port as people write it.
  private static func endpoint(_ text: Substring) -> (address: [UInt8], port: UInt16)? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 4, let port = UInt16(parts[1], radix: 16),
      let bytes = Hexadecimal.decode(parts[0].lowercased()), bytes.count == 4 || bytes.count == 16
    else { return nil }
    let words = stride(from: 0, to: bytes.count, by: 4).map { bytes[$0..<$0 + 4].reversed() }
    return (words.flatMap { $0 }, port)
  }

  /// 127.0.0.0/8, `::1`, and the first of them inside IPv6 (RFC 4291 §2.5.5.2).
  var isLoopback: Bool {
    if address.count == 4 { return address.first == 127 }
    let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
    if address.starts(with: mapped) { return address.dropFirst(12).first == 127 }
    return address == Array(repeating: 0, count: 15) + [1]
  }

  /// `127.0.0.1:18790`, `[::1]:18790`.
  var text: String {
    let family = address.count == 4 ? AF_INET : AF_INET6
    var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, address, &name, socklen_t(name.count)) != nil else {
      return "\(Hexadecimal.encode(address)):\(port)"
    }
    let host = String(
      decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return family == AF_INET ? "\(host):\(port)" : "[\(host)]:\(port)"
  }
}
