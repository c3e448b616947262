// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Testing

@testable import Daemon

/// Folders of processes that were killed.
struct WorkerFolderTests {
  @Test("what a killed process left is removed by the next one, and nothing else is")
  func sweep() throws {
    let purpose = "test\(UInt32.random(in: 0...UInt32.max))"
    let mark = "/tmp/kafclaw-\(purpose)-"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let left = "\(mark)\(process.processIdentifier)-abcdef"
    let others = ["\(mark)\(getpid())-abcdef", "\(mark)x-abcdef", "\(mark)-1-abcdef"]
    for path in [left] + others {
      try FileManager.default.createDirectory(
        atPath: path + "/in", withIntermediateDirectories: true)
    }
    // What a link of it points to stays.
    try FileManager.default.createSymbolicLink(
      atPath: left + "/link", withDestinationPath: others[0] + "/in")
    let folder = try WorkerFolder(purpose)
    #expect(folder.path.hasPrefix("\(mark)\(getpid())-"))
    #expect(!FileManager.default.fileExists(atPath: left))
    for path in others {
      #expect(FileManager.default.fileExists(atPath: path + "/in"), "\(path)")
      try FileManager.default.removeItem(atPath: path)
    }
    folder.remove()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }
}
