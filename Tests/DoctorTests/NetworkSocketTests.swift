// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Doctor

/// The kernel's list of sockets.
struct NetworkSocketTests {
  /// Lines of a real kernel.
  private static let table = """
      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       0: 0100007F:4966 00000000:0000 0A 00000000:00000000 00:00000000 00000000 64777        0 31337 1 0000000000000000 100 0 0 10 0
       1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18446744073709551615 1 0
       2: 0100007F:4966 0100007F:D431 01 00000000:00000000 00:00000000 00000000 64777        0 31400 1 0
       3: 0501A8C0:FFFF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0

    """

  @Test func listenersOfIPv4AreRead() throws {
    let sockets = try ListeningSocket.all(in: Self.table)
    #expect(sockets.map(\.text) == ["127.0.0.1:18790", "0.0.0.0:22", "192.168.1.5:65535"])
    #expect(sockets.map(\.inode) == [31_337, .max, 1])
    #expect(sockets.map(\.user) == [64_777, 0, 1_000])
    #expect(sockets.map(\.isLoopback) == [true, false, false])
  }

  /// Each word of 32 bits is little-endian (RFC 4291 addresses beside them).
  static let addresses: [(String, String, Bool)] = [
    ("00000000000000000000000000000000", "[::]:1", false),
    ("00000000000000000000000001000000", "[::1]:1", true),
    ("0000000000000000FFFF00000100007F", "[::ffff:127.0.0.1]:1", true),
    ("0000000000000000FFFF00000500000A", "[::ffff:10.0.0.5]:1", false),
    ("B80D0120000000000000000001000000", "[2001:db8::1]:1", false),
    ("000080FE00000000FF005450F1A2FEB3", "[fe80::5054:ff:b3fe:a2f1]:1", false),
    ("FF00007F", "127.0.0.255:1", true), ("0000007E", "126.0.0.0:1", false),
  ]

  @Test(arguments: NetworkSocketTests.addresses)
  func addressesAreRead(hexadecimal: String, text: String, isLoopback: Bool) throws {
    let table = "head\n" + HostBuilder.socket("\(hexadecimal):0001", inode: 1) + "\n"
    let socket = try #require(try ListeningSocket.all(in: table).first)
    #expect(socket.text == text)
    #expect(socket.isLoopback == isLoopback)
  }

  @Test(arguments: ["", "head", "head\n"])
  func emptyTablesHaveNone(table: String) throws {
    #expect(try ListeningSocket.all(in: table).isEmpty)
  }

  @Test(arguments: [
    "0100007F", "0100007F:", "0100007F:10000", "0100007G:0016", "01007F:0016", ":0016",
    "0100007F0100007F:0016", "0100007F:0016:0016",
  ])
  func malformedAddressesAreNotSkipped(address: String) {
    let table = "head\n" + HostBuilder.socket(address, inode: 1) + "\n"
    #expect(throws: ApplianceError.self) { try ListeningSocket.all(in: table) }
  }

  @Test(arguments: ["x", "0: 0100007F:0016 0A", "- - - - - - - - - - - - -"])
  func malformedLinesAreNotSkipped(line: String) {
    #expect(throws: ApplianceError.self) { try ListeningSocket.all(in: "head\n\(line)\n") }
  }

  @Test func noTextTraps() {
    let seed = SplitMix64.seed(of: "tables of sockets")
    var random = SplitMix64(seed: seed)
    let whole = Array(Self.table.utf8)
    for _ in 0..<2_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      // `try?`: that it comes back at all is what is looked at.
      let sockets = try? ListeningSocket.all(in: String(decoding: bytes, as: UTF8.self))
      #expect((sockets?.count ?? 0) <= 10, "seed \(seed)")
    }
  }

  /// The kernel these tests run on.
  @Test func tableOfThisHostIsRead() throws {
    _ = try ListeningSocket.all(SystemFiles())
  }
}
