// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Testing

/// Records at the end of a file.
struct DurableFileAppendTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func startsAFileForItsOwnerOnly() throws {
    try DurableFile.append(Array("one\n".utf8), to: folder("journal"))
    #expect(folder.text("journal") == "one\n")
    #expect(try folder.mode("journal") == 0o600)
  }

  @Test func addsToWhatIsThere() throws {
    try folder.put("zero\n", in: "journal", mode: 0o640)
    for word in ["one", "two", ""] {
      try DurableFile.append(Array("\(word)\n".utf8), to: folder("journal"))
    }
    #expect(folder.text("journal") == "zero\none\ntwo\n\n")
    #expect(try folder.mode("journal") == 0o640)
  }

  @Test(arguments: ["target", "absent"])
  func refusesALink(target: String) throws {
    try folder.put("outside", in: "target")
    try folder.link("journal", to: folder(target))
    #expect(throws: ApplianceError.self) {
      try DurableFile.append(Array("one\n".utf8), to: folder("journal"))
    }
    #expect(folder.text("target") == "outside")
    #expect(try folder.names() == ["journal", "target"])
  }

  @Test func refusesAFolder() throws {
    try folder.makeFolder("journal")
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.append([1], to: folder("journal"))
    }
    #expect(error?.code == .fileFailed)
  }

  @Test func refusesAPathBelowNothing() throws {
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.append([1], to: folder("absent/journal"))
    }
    #expect(error?.code == .fileMissing)
    #expect(try folder.names() == [])
  }

  @Test func tellsOfAFullDevice() {
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.append(Array("one\n".utf8), to: "/dev/full")
    }
    #expect(error?.code == .fileFailed)
    #expect(error?.message.contains("/dev/full") == true)
  }
}
