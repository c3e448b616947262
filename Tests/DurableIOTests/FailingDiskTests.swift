// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Testing

/// Disks that refuse. Each in a process of its own, since limits and users hold for a whole one.
struct FailingDiskTests {
  /// What a process may not do any more.
  private enum Restriction {
    /// No file grows beyond `bytes`: writing fails half-way, as on a full disk.
    static func limitFiles(to bytes: UInt) throws {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
      guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
        throw SetupFailure(what: "limit the size of files")
      }
    }

    /// The superuser may write everywhere, so it becomes somebody else.
    static func leaveSuperuser(_ folder: TemporaryFolder) throws {
      guard geteuid() == 0 else { return }
      let nobody: uid_t = 65_534
      guard chown(folder.path, nobody, nobody) == 0, setgid(nobody) == 0, setuid(nobody) == 0
      else { throw SetupFailure(what: "become user \(nobody)") }
    }
  }

  @Test func aFullDiskKeepsTheOldContent() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try folder.put("old", in: "note")
      try Restriction.limitFiles(to: 4_096)
      let error = #expect(throws: ApplianceError.self) {
        try DurableFile.replace(folder("note"), with: [UInt8](repeating: 1, count: 100_000))
      }
      #expect(error?.code == .fileFailed)
      #expect(folder.text("note") == "old")
      #expect(try folder.names() == ["note"])
      try DurableFile.replace(folder("note"), with: [UInt8](repeating: 1, count: 4_096))
      #expect(try folder.status("note").st_size == 4_096)
    }
  }

  @Test func aFullDiskLeavesNoPartOfARecord() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try folder.put("one\n", in: "journal")
      try Restriction.limitFiles(to: 4_096)
      let error = #expect(throws: ApplianceError.self) {
        try DurableFile.append([UInt8](repeating: 1, count: 100_000), to: folder("journal"))
      }
      #expect(error?.code == .fileFailed)
      #expect(folder.text("journal") == "one\n")
      try DurableFile.append(Array("two\n".utf8), to: folder("journal"))
      #expect(folder.text("journal") == "one\ntwo\n")
    }
  }

  @Test func aReadOnlyFolderKeepsTheOldContent() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try Restriction.leaveSuperuser(folder)
      try folder.put("old", in: "note")
      #expect(chmod(folder.path, 0o500) == 0)
      let error = #expect(throws: ApplianceError.self) {
        try DurableFile.replace(folder("note"), with: Array("new".utf8))
      }
      #expect(error?.code == .fileFailed)
      #expect(throws: ApplianceError.self) { try DurableFile.removeIfPresent(folder("note")) }
      #expect(chmod(folder.path, 0o700) == 0)
      #expect(folder.text("note") == "old")
      #expect(try folder.names() == ["note"])
    }
  }

  @Test func aFolderThatCannotBeEnteredIsNotAbsence() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try Restriction.leaveSuperuser(folder)
      try folder.put("old", in: "closed/note")
      #expect(chmod(folder("closed"), 0) == 0)
      let error = #expect(throws: ApplianceError.self) {
        try DurableFile.readIfPresent(folder("closed/note"), limit: 16)
      }
      #expect(error?.code == .fileFailed)
      #expect(throws: ApplianceError.self) { try PrivateFolder.create(folder("closed/inner")) }
      #expect(throws: ApplianceError.self) { try FileLock.isHeld(folder("closed/lock")) }
      #expect(chmod(folder("closed"), 0o700) == 0)
      #expect(folder.text("closed/note") == "old")
    }
  }
}
