// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import Foundation
import TestSupport
import Testing

@testable import Daemon

/// What is removed is what a process left that is gone, and nothing else.
struct ScratchFolderTests {
  @Test("folders in use and those of others stay, abandoned ones go")
  func abandoned() throws {
    let folder = try TemporaryFolder()
    let parent = folder.path
    let base = parent + "/kafclaw-scratch"
    let first = try ScratchFolder(in: parent, for: .verify)
    let abandoned = base + "/drill-00112233aabbccdd"
    let others = [
      parent + "/restored-photos-2019999-summer", base + "/drill-notes",
      base + "/drill-00112233aabbccdd-x", base + "/photos-00112233aabbccdd",
    ]
    for path in others + [abandoned] { try PrivateFolder.create(path) }
    for path in [abandoned, base + "/drill-notes", base + "/photos-00112233aabbccdd"] {
      try Data().write(to: URL(filePath: path + ".lock"))
    }
    let second = try ScratchFolder(in: parent, for: .drill)
    #expect(!FileManager.default.fileExists(atPath: abandoned))
    for path in others + [first.path, second.path] {
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
    first.remove()
    #expect(!FileManager.default.fileExists(atPath: first.path))
    #expect(!FileManager.default.fileExists(atPath: first.path + ".lock"))
    #expect(FileManager.default.fileExists(atPath: second.path))
  }
}
