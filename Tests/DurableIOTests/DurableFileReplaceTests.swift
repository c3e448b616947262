// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Testing

/// Whole replacement: the old content or the new, and nothing beside it.
struct DurableFileReplaceTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func createsAFileForItsOwnerOnly() throws {
    try DurableFile.replace(folder("note"), with: Array("one".utf8))
    #expect(folder.text("note") == "one")
    #expect(try folder.mode("note") == 0o600)
    #expect(try folder.names() == ["note"])
  }

  @Test(arguments: [0o400, 0o600, 0o640, 0o666, 0o755] as [mode_t])
  func givesTheModeWhateverTheUmask(mode: mode_t) throws {
    try DurableFile.replace(folder("note"), with: [], mode: mode)
    #expect(try folder.mode("note") == mode)
  }

  @Test func takesBackAModeThatWasTooOpen() throws {
    try folder.put("old", in: "note", mode: 0o666)
    try DurableFile.replace(folder("note"), with: Array("new".utf8))
    #expect(folder.text("note") == "new")
    #expect(try folder.mode("note") == 0o600)
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 1 << 20])
  func keepsEveryByte(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try DurableFile.replace(folder("note"), with: bytes)
    #expect(try DurableFile.read(folder("note"), limit: count) == bytes)
  }

  @Test func replacesALinkAndNotItsTarget() throws {
    try folder.put("outside", in: "target")
    try folder.link("note", to: folder("target"))
    try DurableFile.replace(folder("note"), with: Array("new".utf8))
    #expect(folder.text("target") == "outside")
    #expect(folder.text("note") == "new")
    #expect(try folder.status("note").st_mode & S_IFMT == S_IFREG)
  }

  @Test func refusesAFolderInTheWay() throws {
    try folder.put("kept", in: "note/inside")
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.replace(folder("note"), with: Array("new".utf8))
    }
    #expect(error?.code == .fileFailed)
    #expect(folder.text("note/inside") == "kept")
    #expect(try folder.names() == ["note"])
  }

  @Test func refusesAPathBelowNothing() throws {
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.replace(folder("absent/note"), with: [])
    }
    #expect(error?.code == .fileMissing)
    #expect(try folder.names() == [])
  }

  @Test func removesAFileOnceOrNever() throws {
    try folder.put("old", in: "note")
    try DurableFile.removeIfPresent(folder("note"))
    try DurableFile.removeIfPresent(folder("note"))
    #expect(try folder.names() == [])
  }

  @Test func removesALinkAndNotItsTarget() throws {
    try folder.put("outside", in: "target")
    try folder.link("note", to: folder("target"))
    try DurableFile.removeIfPresent(folder("note"))
    #expect(try folder.names() == ["target"])
  }

  @Test func removesNoFolder() throws {
    try folder.makeFolder("note")
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.removeIfPresent(folder("note"))
    }
    #expect(error?.code == .fileFailed)
    #expect(try folder.names() == ["note"])
  }
}
