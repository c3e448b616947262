// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Logging
import Synchronization
import Testing

@testable import Daemon

struct JSONLogTests {
  private final class Lines: Sendable {
    private let lines = Mutex<[[UInt8]]>([])

    func add(_ line: [UInt8]) { lines.withLock { $0.append(line) } }

    var all: [[UInt8]] { lines.withLock { $0 } }
  }

  @Test("a line is one object, whatever is in it, and a secret is none of it")
  func lines() throws {
    let lines = Lines()
    var logger = Logger(label: "kafclaw.test") { label in
      JSONLogHandler(label: label) { lines.add($0) }
    }
    logger[metadataKey: "channel"] = "a\"b\n{}"
    let secret = SecretValue(copying: Array("canary-4711".utf8))
    logger.warning(
      "odd\nline",
      metadata: [
        "secret": "\(secret)", "list": ["x", ["y": "z"]],
        "long": "\(String(repeating: "x", count: 10_000))",
      ])
    logger.debug("not shown")
    let line = try #require(lines.all.first)
    #expect(lines.all.count == 1)
    #expect(line.count { $0 == UInt8(ascii: "\n") } == 1 && line.last == UInt8(ascii: "\n"))
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    #expect(Set(object.keys) == ["time", "level", "label", "message", "metadata"])
    #expect(object["level"] as? String == "warning" && object["message"] as? String == "odd\nline")
    let metadata = try #require(object["metadata"] as? [String: Any])
    #expect(metadata["channel"] as? String == "a\"b\n{}")
    #expect((metadata["long"] as? String)?.utf8.count == 1_024)
    #expect(!String(decoding: line, as: UTF8.self).contains("4711"))
    let many = Dictionary(uniqueKeysWithValues: (0..<99).map { ("key\($0)", "\u{1}\u{2}") })
    logger.error(
      "\(String(repeating: "\u{1}", count: 9_000))", metadata: many.mapValues { "\($0)" })
    #expect(lines.all.count == 2 && lines.all.allSatisfy { $0.count <= JSONLogHandler.lineLimit })
  }
}
