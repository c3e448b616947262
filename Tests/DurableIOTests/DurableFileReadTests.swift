// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Testing

/// Regular files within a limit; everything else is refused, and never taken for absence.
struct DurableFileReadTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test(arguments: [0, 1, 4_096, 200_000])
  func readsUpToTheLimit(size: Int) throws {
    let bytes = [UInt8](repeating: 7, count: size)
    try folder.put(bytes: bytes, in: "note")
    #expect(try DurableFile.read(folder("note"), limit: size) == bytes)
    #expect(try DurableFile.readIfPresent(folder("note"), limit: size + 1) == bytes)
  }

  @Test(arguments: [1, 4_097, 200_000])
  func refusesOneByteMore(size: Int) throws {
    try folder.put(bytes: [UInt8](repeating: 7, count: size), in: "note")
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.read(folder("note"), limit: size - 1)
    }
    #expect(error?.code == .fileTooLarge)
  }

  @Test func stopsReadingAtTheLimit() {
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.read("/proc/self/status", limit: 16)
    }
    #expect(error?.code == .fileTooLarge)
  }

  @Test func answersForNothingThere() throws {
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.read(folder("note"), limit: 16)
    }
    #expect(error?.code == .fileMissing)
    #expect(try DurableFile.readIfPresent(folder("note"), limit: 16) == nil)
    #expect(try DurableFile.readIfPresent(folder("absent/note"), limit: 16) == nil)
  }

  /// A thing that is no regular file, and how it comes to stand at a path.
  enum Impostor: CaseIterable {
    case folder
    case fifo
    case device

    func place(in folder: TemporaryFolder) throws -> String {
      switch self {
      case .folder: try folder.makeFolder("note")
      case .fifo: try folder.makeFIFO("note")
      case .device: return "/dev/zero"
      }
      return folder("note")
    }
  }

  @Test(arguments: Impostor.allCases)
  func refusesWhatIsNoRegularFile(impostor: Impostor) throws {
    let path = try impostor.place(in: folder)
    let read = #expect(throws: ApplianceError.self) { try DurableFile.read(path, limit: 16) }
    #expect(read?.code == .fileUnsafe)
    let present = #expect(throws: ApplianceError.self) {
      try DurableFile.readIfPresent(path, limit: 16)
    }
    #expect(present?.code == .fileUnsafe)
  }

  @Test(arguments: ["target", "absent", "folder", "note"])
  func refusesALink(target: String) throws {
    try folder.put("secret", in: "target")
    try folder.makeFolder("folder")
    try folder.link("note", to: folder(target))
    let error = #expect(throws: ApplianceError.self) {
      try DurableFile.read(folder("note"), limit: 16)
    }
    #expect(error?.code == .fileUnsafe)
    #expect(throws: ApplianceError.self) {
      try DurableFile.readIfPresent(folder("note"), limit: 16)
    }
  }
}
