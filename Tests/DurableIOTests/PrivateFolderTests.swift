// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Testing

/// Folders for their owner only.
struct PrivateFolderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func createsWhatIsMissing() throws {
    try PrivateFolder.create(folder("a/b/c"))
    for name in ["a", "a/b", "a/b/c"] {
      #expect(try folder.mode(name) == 0o700, "\(name)")
      #expect(try folder.status(name).st_mode & S_IFMT == S_IFDIR, "\(name)")
    }
  }

  @Test func leavesExistingFoldersAsTheyAre() throws {
    try folder.makeFolder("a", mode: 0o755)
    try folder.put("kept", in: "a/file")
    try PrivateFolder.create(folder("a"))
    try PrivateFolder.create(folder("a/b"))
    #expect(try folder.mode("a") == 0o755)
    #expect(try folder.names(in: "a") == ["b", "file"])
  }

  @Test func goesThroughALinkToAFolder() throws {
    try folder.makeFolder("real")
    try folder.link("a", to: folder("real"))
    try PrivateFolder.create(folder("a/b"))
    #expect(try folder.names(in: "real") == ["b"])
  }

  @Test(arguments: ["file", "file/below", "dangling", "dangling/below"])
  func refusesWhatIsNoFolder(path: String) throws {
    try folder.put("kept", in: "file")
    try folder.link("dangling", to: folder("absent"))
    let error = #expect(throws: ApplianceError.self) { try PrivateFolder.create(folder(path)) }
    #expect(error?.code == .fileUnsafe)
    #expect(try folder.names() == ["dangling", "file"])
  }

  @Test func createsOneFolderForManyThreads() throws {
    let path = folder("a/b/c")
    for result in onThreads(8, { _ in try PrivateFolder.create(path) }) { try result.get() }
    #expect(try folder.mode("a/b/c") == 0o700)
  }

  @Test(
    arguments: [
      (0, "0000"), (0o7, "0007"), (0o70, "0070"), (0o755, "0755"), (0o1777, "1777"),
      (0o10_000, "10000"),
    ] as [(mode_t, String)])
  func writesModesWithFourDigits(mode: mode_t, text: String) {
    #expect(PrivateFolder.octal(mode) == text)
  }

  @Test func resolvesLinks() throws {
    try folder.makeFolder("real")
    try folder.link("link", to: "real")
    try folder.link("loop", to: "loop")
    #expect(PrivateFolder.resolve(folder("link/.")) == folder("real"))
    #expect(PrivateFolder.resolve(folder("absent")) == nil)
    #expect(PrivateFolder.resolve(folder("loop")) == nil)
  }
}
