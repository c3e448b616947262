// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Doctor

/// When a disk is an alert: only where the check of it fails.
struct DiskProblemTests {
  @Test(arguments: StateHostTests.spaces)
  func onlyWhatFailsIsAProblem(
    blocks: UInt64, free: UInt64, files: UInt64, freeFiles: UInt64, status: Verdict.Status
  ) {
    let space = DiskSpace(
      blockSize: 1 << 20, blocks: blocks, freeBlocks: free, files: files, freeFiles: freeFiles)
    #expect(space.problem == (status == .fail ? space.description : nil))
  }

  @Test func problemIsTheRoomThatIsLeft() {
    let space = DiskSpace(
      blockSize: 1 << 20, blocks: 1_000, freeBlocks: 63, files: 1_000, freeFiles: 500)
    #expect(space.problem == "63 MiB (6 %) free, 50 % of inodes")
    let full = DiskSpace(
      blockSize: 1 << 20, blocks: 100_000, freeBlocks: 50_000, files: 1_000, freeFiles: 9)
    #expect(full.problem == "50000 MiB (50 %) free, 0 % of inodes")
  }

  @Test func folderThatIsGoneHasNoRoom() throws {
    let host = try HostBuilder()
    #expect(throws: ApplianceError.self) { try DiskSpace(of: host.paths.state + "/gone") }
  }
}
