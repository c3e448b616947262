// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import DesiredState

/// Tables of the value types: which texts they accept and what they make of them.
struct ValuesTests {
  @Test(arguments: ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "localhost"])
  func loopbackAddressesReachThisMachineAlone(text: String) {
    #expect(ListenAddress.isValid(text))
    #expect(ListenAddress(text).isLoopback)
  }

  @Test(arguments: [
    "0.0.0.0", "10.0.0.5", "128.0.0.1", "255.255.255.255", "::", "fe80::1", "2001:db8::8:800",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "ABCD:ef01::",
  ])
  func otherAddressesAreReachable(text: String) {
    #expect(ListenAddress.isValid(text))
    #expect(!ListenAddress(text).isLoopback)
  }

  @Test(arguments: [
    "", " ", "127.0.0.1 ", "127.0.0", "127.0.0.1.1", "127.0.0.256", "127.0.0.01", "127.0.0.+1",
    "127.0.0.-1", "127.0.0.0x1", "127..0.1", ".127.0.0.1", "127.0.0.1000", "127.0.0.1:80",
    "127.0.0.1/8", "2130706433", "LOCALHOST", "localhost.", "gateway.example", "*", ":", ":::",
    "1::2::3", "::1::", "12345::", "g::1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7", "[::1]", "::1%lo", "::ffff:127.0.0.1", "127.0.0.१",
    "fe80::１",
  ])
  func refusesWhatIsNoAddress(text: String) {
    #expect(!ListenAddress.isValid(text))
    #expect(!ListenAddress(text).isLoopback)
  }

  @Test(arguments: [
    ("0s", 0), ("1s", 1), ("60s", 60), ("5m", 300), ("12h", 43_200), ("60d", 5_184_000),
    ("007s", 7), ("3650d", 315_360_000), ("315360000s", 315_360_000), ("5256000m", 315_360_000),
  ])
  func readsDurations(text: String, seconds: Int) throws {
    let duration = try #require(SpecDuration.parse(text))
    #expect(duration.seconds == Int64(seconds))
    #expect(duration.duration == Duration.seconds(seconds))
  }

  @Test(arguments: [
    "", "s", "60", "60 s", " 60s", "60s ", "-1s", "+1s", "1.5h", "1e3s", "60S", "1w", "1y",
    "1h30m", "3651d", "315360001s", "87601h", "9223372036854775807d", "99999999999999999999s",
    "0x10s", "１s", "60ｓ", "1_000s", "PT60S", "1m\n",
  ])
  func refusesWhatIsNoDuration(text: String) {
    #expect(SpecDuration.parse(text) == nil)
  }

  @Test(arguments: [
    (0, "0s"), (1, "1s"), (59, "59s"), (60, "1m"), (90, "90s"), (3_600, "1h"), (5_400, "90m"),
    (86_399, "86399s"), (86_400, "1d"), (90_000, "25h"), (315_360_000, "3650d"),
  ])
  func writesDurationsInTheLargestWholeUnit(seconds: Int, text: String) {
    let duration = SpecDuration(seconds: Int64(seconds))
    #expect(duration.text == text)
    #expect(SpecDuration.parse(text) == duration)
  }

  @Test(arguments: [
    "a", "web", "team-slack", "a1", "a-", "a--b", "x0-9", String(repeating: "n", count: 63),
  ])
  func acceptsPlainNames(name: String) {
    #expect(ResourceName.isValid(name))
  }

  @Test(arguments: [
    "", "A", "Web", "1web", "-web", "_web", "web_1", "web.1", "web 1", "web/1", "*", "zoë",
    "we\u{301}b", "web\n", "web\0", "ｗeb", String(repeating: "n", count: 64),
  ])
  func refusesOtherNames(name: String) {
    #expect(!ResourceName.isValid(name))
  }

  @Test func patternOfNamesIsTheRule() throws {
    let pattern = try Regex(ResourceName.pattern)
    for name in ["a", "team-slack", "A", "1web", "web.1", "", String(repeating: "n", count: 64)] {
      #expect((name.wholeMatch(of: pattern) != nil) == ResourceName.isValid(name), "\(name)")
    }
  }

  @Test(arguments: [
    ("gatway", "gateway"), ("Gateway", "gateway"), ("gateways", "gateway"), ("toolz", "tools"),
    ("chanels", "channels"), ("sender", "senders"), ("BACKUP", "backup"),
  ])
  func suggestsTheNearestName(word: String, name: String) {
    let names = ApplianceSpec.fields.map(\.name)
    #expect(NearestName.suggestion(for: word, among: names) == name)
  }

  @Test(arguments: [
    "kubernetes", "x", "", "gate", "gatewaygateway", String(repeating: "g", count: 10_000),
  ])
  func suggestsNothingFarAway(word: String) {
    let names = ApplianceSpec.fields.map(\.name)
    #expect(NearestName.suggestion(for: word, among: names) == nil)
  }
}
