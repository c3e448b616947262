// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Testing

@testable import Sandbox

/// Whether the maker of a folder, group or container still lives.
struct ProcessStampTests {
  private let stamp = ProcessStamp.own

  /// proc_pid_stat(5), with a name that makes reading it hard.
  private func text(_ state: String, start: UInt64) -> String {
    let before = Array(repeating: "0", count: 18).joined(separator: " ")
    return "\(stamp.pid) (a) S (b)) \(state) \(before) \(start) 0 0\n"
  }

  @Test("it lives while one of its number and start does, and is no zombie")
  func alive() {
    #expect(stamp.isAlive)
    #expect(stamp.isAlive(seen: text("S", start: stamp.start)) { false })
    #expect(!stamp.isAlive(seen: text("S", start: stamp.start + 1)) { true })
    #expect(!stamp.isAlive(seen: text("Z", start: stamp.start)) { true })
    #expect(!stamp.isAlive(seen: "?", { true }))
  }

  @Test("one that the kernel does not show lives while its number is in use")
  func hidden() {
    #expect(stamp.isAlive(seen: "") { true })
    #expect(!stamp.isAlive(seen: "") { false })
  }

  @Test("so does one whose start was not told when it was named")
  func unknownStart() throws {
    let unknown = try #require(ProcessStamp("\(stamp.pid)-0"))
    #expect(unknown.isAlive(seen: text("S", start: stamp.start)) { true })
    #expect(!unknown.isAlive(seen: text("S", start: stamp.start)) { false })
  }

  @Test("what is no stamp is none", arguments: ["", "1", "-1-7", "1-7-", "0-7", "1-x", "x-7"])
  func malformed(_ text: String) {
    #expect(ProcessStamp(text) == nil)
  }

  @Test("a stamp is what it was written as")
  func parsed() {
    #expect(ProcessStamp(stamp.text) == stamp)
    #expect(ProcessStamp(ofName: "x-\(stamp.text)-9", after: "x-") == stamp)
    #expect(ProcessStamp(ofName: "y-\(stamp.text)-9", after: "x-") == nil)
  }
}
