// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// An IPv4 or IPv6 address.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// Four or sixteen, the highest first.
  public let bytes: [UInt8]

  /// - Returns: `nil` for another number of bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads what inet_pton(3) reads: four decimal numbers, or the forms of RFC 4291 §2.2.
  public init?(_ text: String) {
    guard !text.utf8.contains(0) else { return nil }
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = withUnsafeBytes(of: four) { Array($0) }
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      bytes = withUnsafeBytes(of: six) { Array($0) }
    } else {
      return nil
    }
  }

  /// As inet_ntop(3) writes it.
  public var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  var isLoopback: Bool {
    bytes.count == 4 ? bytes[0] == 127 : self == IPAddress("::1")
  }

  /// Whether it is an address of the public internet, in its own form: IPv4 within IPv6 (mapped,
  /// 6to4, NAT64, Teredo) is not, whatever it stands for.
  ///
  /// IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
  var isPublic: Bool {
    if bytes.count == 4 { return !Self.special4.contains { $0.contains(bytes) } }
    // Only global unicast (RFC 4291 §2.4) has been given out.
    return Prefix("2000::", 3).contains(bytes) && !Self.special6.contains { $0.contains(bytes) }
  }

  private static let special4 = [
    Prefix("0.0.0.0", 8),  // this network
    Prefix("10.0.0.0", 8), Prefix("172.16.0.0", 12), Prefix("192.168.0.0", 16),  // private
    Prefix("100.64.0.0", 10),  // carrier-grade NAT; some clouds' metadata
    Prefix("127.0.0.0", 8),  // loopback
    Prefix("168.63.129.16", 32),  // the host of a virtual machine in Azure
    Prefix("169.254.0.0", 16),  // link-local; most clouds' metadata
    Prefix("192.0.0.0", 24),  // protocol assignments
    Prefix("192.0.2.0", 24), Prefix("198.51.100.0", 24), Prefix("203.0.113.0", 24),  // examples
    Prefix("192.31.196.0", 24), Prefix("192.175.48.0", 24),  // AS112
    Prefix("192.52.193.0", 24),  // multicast tunnels
    Prefix("192.88.99.0", 24),  // 6to4 relays
    Prefix("198.18.0.0", 15),  // benchmarks
    Prefix("224.0.0.0", 4),  // multicast
    Prefix("240.0.0.0", 4),  // reserved, broadcast
  ]

  private static let special6 = [
    Prefix("2001::", 23),  // protocol assignments, Teredo among them
    Prefix("2001:db8::", 32), Prefix("3fff::", 20),  // examples
    Prefix("2002::", 16),  // 6to4
    Prefix("2620:4f:8000::", 48),  // AS112
  ]

  /// The first bits of addresses of one family.
  private struct Prefix {
    let bytes: [UInt8]
    let length: Int

    init(_ text: String, _ length: Int) {
      // A prefix that cannot be read would match nothing; here it matches everything.
      self.length = IPAddress(text) == nil ? 0 : length
      bytes = IPAddress(text)?.bytes ?? []
    }

    func contains(_ address: [UInt8]) -> Bool {
      guard length > 0 else { return true }
      guard address.count == bytes.count else { return false }
      return (0..<length).allSatisfy { bit in
        let mask = UInt8(0x80) >> UInt8(bit % 8)
        return address[bit / 8] & mask == bytes[bit / 8] & mask
      }
    }
  }
}
