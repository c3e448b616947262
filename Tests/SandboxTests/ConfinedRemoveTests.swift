// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox
import Testing

/// Removing below one folder.
struct ConfinedRemoveTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.put("inside", in: "root/note")
    try folder.makeFolder("root/sub")
    try folder.put("deeper", in: "root/sub/note")
  }

  private func remove(_ path: String) throws {
    let confined = try ConfinedFolder(folder.root)
    try confined.removeIfPresent(path)
  }

  @Test(arguments: ["note", "./note", ".//note"])
  func removesAFileOnceOrNever(path: String) throws {
    try remove(path)
    try remove(path)
    #expect(try folder.names(in: "root") == ["sub"])
  }

  @Test func removesAFileInASubfolder() throws {
    try remove("sub/note")
    #expect(try folder.names(in: "root") == ["note", "sub"])
    #expect(try folder.names(in: "root/sub") == [])
  }

  @Test(arguments: ["absent", "absent/note", "sub/absent"])
  func takesAbsenceForDone(path: String) throws {
    try remove(path)
    #expect(try folder.names(in: "root") == ["note", "sub"])
  }

  @Test func removesALinkAndNotItsTarget() throws {
    try folder.link("root/link", to: folder("outside/secret"))
    try folder.link("root/folder-link", to: folder("outside"))
    for name in ["link", "folder-link"] { try remove(name) }
    #expect(try folder.names(in: "root") == ["note", "sub"])
    #expect(folder.text("outside/secret") == "secret")
  }

  @Test func removesAFIFO() throws {
    try folder.makeFIFO("root/fifo")
    try remove("fifo")
    #expect(try folder.names(in: "root") == ["note", "sub"])
  }

  @Test(arguments: ["sub", "note/below"])
  func removesNoFolderAndNothingBelowAFile(path: String) throws {
    #expect(throws: ApplianceError.self) { try remove(path) }
    #expect(try folder.names(in: "root") == ["note", "sub"])
    #expect(try folder.names(in: "root/sub") == ["note"])
  }
}
