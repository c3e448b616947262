// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox
import Testing

/// Names in a folder below.
struct ConfinedListTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("root/sub")
    for name in ["b", "a", ".hidden", "größe", "sub/inner"] {
      try folder.put("x", in: "root/\(name)")
    }
  }

  private func list(_ path: String, limit: Int = 100) throws -> [String] {
    let confined = try ConfinedFolder(folder.root)
    return try confined.list(path, limit: limit)
  }

  @Test(arguments: ["", ".", "./."])
  func namesFilesAndFolders(path: String) throws {
    #expect(try list(path) == [".hidden", "a", "b", "größe", "sub/"])
  }

  @Test(arguments: ["sub", "sub/", "./sub"])
  func namesWhatASubfolderHolds(path: String) throws {
    #expect(try list(path) == ["inner"])
  }

  @Test func givesNothingForAnEmptyFolder() throws {
    try folder.makeFolder("root/empty")
    #expect(try list("empty") == [])
  }

  @Test func showsALinkAsAName() throws {
    try folder.link("root/sub/link", to: "/etc")
    try folder.link("root/sub/dangling", to: "absent")
    #expect(try list("sub") == ["dangling", "inner", "link"])
  }

  @Test(arguments: [0, 1, 4, 5, 6])
  func stopsAtTheLimit(limit: Int) throws {
    let names = try list("", limit: limit)
    #expect(names.count == min(limit, 5))
    #expect(Set(names).isSubset(of: [".hidden", "a", "b", "größe", "sub/"]))
  }

  @Test(arguments: [
    "..", "sub/../..", "/", "/etc", "link", "link/..", "inner-link", "a\0", "sub\0",
  ])
  func refusesFoldersElsewhere(path: String) throws {
    try folder.link("root/link", to: folder("outside"))
    try folder.link("root/inner-link", to: "sub")
    let error = #expect(throws: ApplianceError.self) { try list(path) }
    #expect(error?.code == .confinement)
  }

  @Test(arguments: ["a", "fifo", "a/below"])
  func refusesWhatIsNoFolder(path: String) throws {
    try folder.makeFIFO("root/fifo")
    let error = #expect(throws: ApplianceError.self) { try list(path) }
    #expect(error?.code == .confinement)
  }

  @Test func tellsOfAMissingFolder() {
    let error = #expect(throws: ApplianceError.self) { try list("absent") }
    #expect(error?.code.rawValue == "io.missing")
  }

  @Test func refusesTheMagicLinksOfProc() throws {
    let confined = try ConfinedFolder("/proc/self/fd/..")
    for path in ["cwd", "root", "root/etc"] {
      let error = #expect(throws: ApplianceError.self) { try confined.list(path, limit: 10) }
      #expect(error?.code == .confinement)
    }
  }
}
