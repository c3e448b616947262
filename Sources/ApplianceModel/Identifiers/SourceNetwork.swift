// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// Whom failed authentications count against: an IPv4 address, or the /64 of an IPv6 address, within
/// which one host may choose its address freely (RFC 4291 §2.5.4). Loopback is one like any other.
public struct SourceNetwork: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  public var description: String { text }

  /// - Parameter address: As inet_ntop(3) writes it, possibly with a zone; anything else is counted
  ///   as one unknown network.
  public init(_ address: String?) {
    let bare = address.map { String($0.prefix { $0 != "%" }) } ?? ""
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, bare, &four) == 1 {
      text = bare
    } else if inet_pton(AF_INET6, bare, &six) == 1 {
      text = withUnsafeBytes(of: six) { Self.text(Array($0)) }
    } else {
      text = "unknown"
    }
  }

  /// A network as another process of the appliance named it.
  public init(recorded text: String) { self.text = String(text.prefix(64)) }

  private static func text(_ bytes: [UInt8]) -> String {
    guard bytes.count == 16 else { return "unknown" }
    // IPv4-mapped (RFC 4291 §2.5.5.2).
    if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return bytes[12...].map { String($0) }.joined(separator: ".")
    }
    let groups = stride(from: 0, to: 8, by: 2).map { index in
      String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
    }
    return groups.joined(separator: ":") + "::/64"
  }
}
