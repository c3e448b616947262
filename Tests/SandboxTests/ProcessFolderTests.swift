// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Testing

@testable import Sandbox

/// Folders of processes that were killed.
struct ProcessFolderTests {
  @Test("what a killed process left is removed by the next one, and nothing else is")
  func sweep() throws {
    let purpose = "test\(UInt32.random(in: 0...UInt32.max))"
    let mark = "/tmp/kafclaw-\(purpose)-"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let left = "\(mark)\(process.processIdentifier)-7-abcdef"
    let others = [
      "\(mark)\(ProcessStamp.own.text)-abcdef", "\(mark)x-7-abcdef", "\(mark)-1-7-abcdef",
      "\(mark)abcdef",
    ]
    for path in [left] + others {
      try FileManager.default.createDirectory(
        atPath: path + "/in", withIntermediateDirectories: true)
    }
    // What a link of it points to stays.
    try FileManager.default.createSymbolicLink(
      atPath: left + "/link", withDestinationPath: others[0] + "/in")
    let folder = try ProcessFolder(purpose)
    #expect(folder.path.hasPrefix("\(mark)\(ProcessStamp.own.text)-"))
    #expect(!FileManager.default.fileExists(atPath: left))
    for path in others {
      #expect(FileManager.default.fileExists(atPath: path + "/in"), "\(path)")
      try FileManager.default.removeItem(atPath: path)
    }
    folder.remove()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }
}
