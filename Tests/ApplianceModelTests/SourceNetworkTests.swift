// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

/// Whom an address belongs to.
struct SourceNetworkTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("203.0.113.7", "203.0.113.7"), ("0.0.0.0", "0.0.0.0"),
    ("255.255.255.255", "255.255.255.255"), ("203.0.113.7%eth0", "203.0.113.7"),
  ])
  func anIPv4AddressIsANetworkOfItsOwn(address: String, network: String) {
    #expect(SourceNetwork(address).text == network)
  }

  /// RFC 4291 §2.5.5.2: what a socket for both versions shows.
  @Test(arguments: [
    ("::ffff:203.0.113.7", "203.0.113.7"), ("::FFFF:203.0.113.7", "203.0.113.7"),
    ("::ffff:cb00:7107", "203.0.113.7"), ("0:0:0:0:0:ffff:7f00:1", "127.0.0.1"),
    ("::ffff:0.0.0.0", "0.0.0.0"), ("::ffff:203.0.113.7%3", "203.0.113.7"),
  ])
  func aMappedAddressIsTheIPv4Address(address: String, network: String) {
    #expect(SourceNetwork(address).text == network)
    #expect(SourceNetwork(address) == SourceNetwork(network))
  }

  @Test(arguments: [
    ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
    ("2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:203:0:113:7", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ("2001:db8::1", "2001:db8:0:0::/64"), ("::1", "0:0:0:0::/64"), ("::", "0:0:0:0::/64"),
    ("ffff:ffff:ffff:ffff::", "ffff:ffff:ffff:ffff::/64"),
    ("64:ff9b::cb00:7107", "64:ff9b:0:0::/64"),
    // Neither of these is a mapped address.
    ("::203.0.113.7", "0:0:0:0::/64"), ("::ffff:0:203.0.113.7", "0:0:0:0::/64"),
  ])
  func anIPv6AddressCountsForItsSubnet(address: String, network: String) {
    #expect(SourceNetwork(address).text == network)
  }

  @Test(arguments: [
    "fe80::1", "fe80::1%eth0", "fe80::2%eth1", "fe80::3%2", "fe80::4%", "fe80::5%a%b",
  ])
  func aZoneMakesNoOtherNetwork(address: String) {
    #expect(SourceNetwork(address).text == "fe80:0:0:0::/64")
  }

  /// Whatever cannot be read counts together, so that nobody gets around the count with it.
  @Test(arguments: [
    nil, "", " ", "%", "%eth0", "unknown", "localhost", "127.1", "127.0.0.1 ", " 127.0.0.1",
    "127.0.0.1\n", "127.0.0", "127.0.0.1.1", "256.0.0.1", "1.2.3.-4", "010.0.0.1", "0x7f.0.0.1",
    "1.2.3.4:80", "[::1]", ":::", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::",
    "g::1", "2001:db8::/64", "/run/kafclaw.sock", "é", "\u{0}",
  ])
  func everythingElseIsOneUnknownNetwork(address: String?) {
    #expect(SourceNetwork(address).text == "unknown")
  }

  @Test func aNetworkComesBackFromItsText() {
    for address in [nil, "203.0.113.7", "::ffff:203.0.113.7", "2001:db8:1:2::1", "fe80::1%eth0"] {
      let network = SourceNetwork(address)
      #expect(SourceNetwork(recorded: network.text) == network)
      #expect("\(network)" == network.text)
    }
    #expect(SourceNetwork(recorded: String(repeating: "x", count: 10_000)).text.count == 64)
  }

  @Test func theFirstHalfOfAnAddressDecides() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "source networks"))
    for _ in 0..<2_000 {
      let (one, other) = (UInt64.random(in: 1 ... .max, using: &random), random.next())
      let first = try SourceNetwork(Self.address(one, random.next()))
      let near = try SourceNetwork(Self.address(one, random.next()))
      let far = try SourceNetwork(Self.address(one ^ (other | 1), random.next()))
      #expect(first == near && first != far)
      #expect(first.text.hasSuffix("::/64") && first.text.utf8.count <= 24)
    }
  }

  @Test func noTextIsTooStrange() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "strange addresses"))
    let letters = Array("0123456789abcdefF:.%/[] é")
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...60, using: &random)
      let text = (0..<length).map { _ in letters.randomElement(using: &random) ?? " " }
      #expect(SourceNetwork(String(text)).text.utf8.count <= 64)
    }
  }

  /// An address as the kernel writes it.
  private static func address(_ network: UInt64, _ host: UInt64) throws -> String {
    var address = in6_addr()
    withUnsafeMutableBytes(of: &address) { bytes in
      bytes.storeBytes(of: network.bigEndian, as: UInt64.self)
      bytes.storeBytes(of: host.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let found = try #require(inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)))
    return String(cString: found)
  }
}
