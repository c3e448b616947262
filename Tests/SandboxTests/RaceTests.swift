// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import Sandbox
import Synchronization
import Testing

/// Somebody exchanges files for links while they are used. However the race ends, nothing outside
/// is read or changed.
struct RaceTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.put("inside", in: "root/note")
    try folder.makeFolder("root/dir")
    try folder.put("inside", in: "root/dir/secret")
    try folder.link("root/dir-link", to: folder("outside"))
  }

  /// What is exchanged for a link to what lies outside.
  enum Target: CaseIterable {
    case file
    case folder

    func exchange(in folder: TemporaryFolder) throws {
      switch self {
      case .file:
        try folder.link("root/new-link", to: folder("outside/secret"))
        _ = rename(folder("root/new-link"), folder("root/note"))
        try folder.put("inside", in: "root/new-note")
        _ = rename(folder("root/new-note"), folder("root/note"))
      case .folder:
        try exchangeNames(folder("root/dir"), folder("root/dir-link"))
      }
    }
  }

  /// Runs `body` on one thread while another exchanges `target` without end.
  private func whileExchanging(
    _ target: Target, _ body: @escaping @Sendable (borrowing ConfinedFolder) throws -> Void
  ) throws {
    let isOver = Atomic<Bool>(false)
    let results = onThreads(2) { [folder] index in
      defer { isOver.store(true, ordering: .releasing) }
      if index == 0 { return try body(try ConfinedFolder(folder.root)) }
      while !isOver.load(ordering: .acquiring) { try target.exchange(in: folder) }
    }
    for result in results { try result.get() }
  }

  /// Why an attempt may fail: a link was met, or nothing was there in that moment.
  private static func isRefusal(_ error: ApplianceError) -> Bool {
    error.code == .confinement || error.code.rawValue.hasPrefix("io.")
  }

  @Test(arguments: [(Target.file, "note"), (.folder, "dir/secret")])
  func neverReadsWhatIsOutside(target: Target, path: String) throws {
    try whileExchanging(target) { confined in
      for _ in 0..<5_000 {
        do {
          let bytes = try confined.read(path, limit: 64)
          guard bytes == Array("inside".utf8) else { throw SetupFailure(what: "read \(bytes)") }
        } catch let error as ApplianceError where Self.isRefusal(error) {
          continue
        }
      }
    }
  }

  @Test func neverListsWhatIsOutside() throws {
    try folder.put("x", in: "outside/only-outside")
    try whileExchanging(.folder) { confined in
      for _ in 0..<2_000 {
        do {
          let names = try confined.list("dir", limit: 10)
          guard names == ["secret"] else { throw SetupFailure(what: "listed \(names)") }
        } catch let error as ApplianceError where Self.isRefusal(error) {
          continue
        }
      }
    }
  }

  @Test(arguments: [(Target.file, "note"), (.folder, "dir/secret"), (.folder, "dir/fresh/note")])
  func neverWritesOrRemovesOutside(target: Target, path: String) throws {
    try whileExchanging(target) { confined in
      for _ in 0..<300 {
        do {
          try confined.write(path, Array("written".utf8))
          try confined.removeIfPresent(path)
        } catch let error as ApplianceError where Self.isRefusal(error) {
          continue
        }
      }
    }
    #expect(folder.text("outside/secret") == "secret")
    #expect(try folder.names(in: "outside") == ["secret"])
  }
}

/// Exchanges two names in one step: `renameat2(2)`, which Swift does not import.
private func exchangeNames(_ one: String, _ other: String) throws {
  typealias Call =
    @convention(c) (
      Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
    ) -> Int32
  let exchange: UInt32 = 1 << 1
  guard let symbol = dlsym(nil, "renameat2"),
    unsafeBitCast(symbol, to: Call.self)(AT_FDCWD, one, AT_FDCWD, other, exchange) == 0
  else { throw SetupFailure(what: "exchange \(one) and \(other)") }
}
