// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Testing

/// How much a desired-state folder may hold: the limit is read, one more is refused.
struct FolderReaderLimitsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func read() throws -> SourceTree {
    try FolderReader.read(folder.path, entries: ["workspace"])
  }

  private func expectRefusal() {
    let error = #expect(throws: ApplianceError.self) { try read() }
    #expect(error?.code == .sourceRefused)
  }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  @Test func limitsTheSizeOfAFile() throws {
    try folder.put(bytes: Self.zeros(SourceLimits.fileBytes), in: "workspace/file")
    #expect(try read().files["workspace/file"]?.bytes.count == SourceLimits.fileBytes)
    try folder.put(bytes: Self.zeros(SourceLimits.fileBytes + 1), in: "workspace/file")
    expectRefusal()
  }

  @Test func limitsTheSizeOfAllFiles() throws {
    let count = SourceLimits.totalBytes / SourceLimits.fileBytes
    for index in 0..<count {
      try folder.put(bytes: Self.zeros(SourceLimits.fileBytes), in: "workspace/\(index)")
    }
    #expect(try read().files.count == count)
    try folder.put(bytes: [0], in: "workspace/last")
    expectRefusal()
  }

  @Test func limitsTheNumberOfFiles() throws {
    for index in 0..<SourceLimits.fileCount {
      try folder.put(bytes: [], in: "workspace/\(index % 7)/\(index)")
    }
    #expect(try read().files.count == SourceLimits.fileCount)
    try folder.put(bytes: [], in: "workspace/last")
    expectRefusal()
  }

  @Test func limitsTheDepthOfFolders() throws {
    let folders = ["workspace"] + (2..<SourceLimits.pathDepth).map { "\($0)" }
    let deepest = folders.joined(separator: "/")
    try folder.put("x", in: deepest + "/file")
    #expect(try read().files.keys.sorted() == [deepest + "/file"])
    try folder.makeFolder(deepest + "/more")
    expectRefusal()
  }
}
