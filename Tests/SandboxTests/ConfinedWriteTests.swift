// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import Sandbox
import Testing

/// Writing below one folder.
struct ConfinedWriteTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.put("inside", in: "root/note")
    try folder.makeFolder("root/sub")
  }

  private func write(_ path: String, _ text: String = "new") throws {
    let confined = try ConfinedFolder(folder.root)
    try confined.write(path, Array(text.utf8))
  }

  @Test(arguments: ["fresh", "./fresh", "sub/fresh", "sub//./fresh", "note", "größe", ".hidden"])
  func createsAndReplaces(path: String) throws {
    try write(path)
    try write(path, "newer")
    let confined = try ConfinedFolder(folder.root)
    let bytes = try confined.read(path, limit: 64)
    #expect(String(decoding: bytes, as: UTF8.self) == "newer")
    #expect(try !folder.names(in: "root").contains { $0.contains("tmp") })
    #expect(folder.text("outside/secret") == "secret")
  }

  @Test func keepsNewFilesPrivate() throws {
    try write("a/b/note")
    #expect(try folder.status("root/a/b/note").st_mode & 0o777 == 0o600)
    #expect(try folder.status("root/a").st_mode & 0o777 == 0o700)
    #expect(try folder.status("root/a/b").st_mode & 0o777 == 0o700)
    #expect(try folder.names(in: "root/a/b") == ["note"])
  }

  @Test(arguments: [0o400, 0o600, 0o666, 0o755] as [mode_t])
  func givesTheModeWhateverTheUmask(mode: mode_t) throws {
    let confined = try ConfinedFolder(folder.root)
    for name in ["note", "fresh"] {
      try confined.write(name, Array("new".utf8), mode: mode)
      #expect(try folder.status("root/\(name)").st_mode & 0o7777 == mode)
    }
  }

  @Test(arguments: [0, 1, 65_537, 1 << 20])
  func keepsEveryByte(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let confined = try ConfinedFolder(folder.root)
    try confined.write("note", bytes)
    #expect(try confined.read("note", limit: count) == bytes)
  }

  @Test(arguments: [String(repeating: "n", count: 255), String(repeating: "日", count: 85)])
  func writesTheLongestNames(name: String) throws {
    #expect(name.utf8.count == 255)
    try write(name)
    #expect(try folder.names(in: "root") == [name, "note", "sub"].sorted())
  }

  @Test func replacesALinkAndNotItsTarget() throws {
    try folder.link("root/link", to: folder("outside/secret"))
    try folder.link("root/dangling", to: folder("outside/fresh"))
    for name in ["link", "dangling"] {
      try write(name)
      #expect(folder.text("root/\(name)") == "new")
      #expect(try folder.status("root/\(name)").st_mode & S_IFMT == S_IFREG)
    }
    #expect(folder.text("outside/secret") == "secret")
    #expect(try folder.names(in: "outside") == ["secret"])
  }

  @Test func replacesAFIFOWithoutWaitingForIt() throws {
    try folder.makeFIFO("root/fifo")
    try write("fifo")
    #expect(try folder.status("root/fifo").st_mode & S_IFMT == S_IFREG)
  }

  @Test func refusesAFolderInTheWay() throws {
    try folder.put("kept", in: "root/sub/inner")
    #expect(throws: ApplianceError.self) { try write("sub") }
    #expect(folder.text("root/sub/inner") == "kept")
    #expect(try folder.names(in: "root") == ["note", "sub"])
  }

  @Test func refusesAFileAboveIt() throws {
    #expect(throws: ApplianceError.self) { try write("note/below") }
    #expect(folder.text("root/note") == "inside")
    #expect(try folder.names(in: "root") == ["note", "sub"])
  }

  @Test func limitsTheDepthOfFolders() throws {
    let deepest = String(repeating: "d/", count: SourceLimits.pathDepth)
    try write(deepest + "note")
    let error = #expect(throws: ApplianceError.self) { try write(deepest + "d/note") }
    #expect(error?.code == .confinement)
  }

  @Test func aFullDiskKeepsTheOldContent() async {
    await #expect(processExitsWith: .success) {
      let test = try ConfinedWriteTests()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 4_096, rlim_max: 4_096)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let text = String(repeating: "x", count: 100_000)
      #expect(throws: ApplianceError.self) { try test.write("note", text) }
      #expect(test.folder.text("root/note") == "inside")
      #expect(try test.folder.names(in: "root") == ["note", "sub"])
    }
  }

  @Test func writersOfOneFileNeverMixTheirContents() throws {
    let size = 256 << 10
    let root = folder.root
    let results = onThreads(4) { index in
      let confined = try ConfinedFolder(root)
      for round in 0..<10 {
        try confined.write("note", [UInt8](repeating: UInt8(index * 10 + round), count: size))
        let bytes = try confined.read("note", limit: size)
        let isWhole = bytes.withUnsafeBytes { all in
          all.baseAddress.map { memcmp($0, $0 + 1, all.count - 1) == 0 } ?? false
        }
        guard bytes.count == size, isWhole else { return false }
      }
      return true
    }
    for result in results { #expect(try result.get()) }
    #expect(try folder.names(in: "root") == ["note", "sub"])
  }
}
