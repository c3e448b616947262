// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import Glibc
import Testing

/// Readers and writers of one file at the same time.
struct DurableFileConcurrencyTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static let size = 256 << 10

  /// One byte, over and over.
  private static func content(_ byte: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: byte), count: size)
  }

  private static func isWhole(_ bytes: [UInt8]) -> Bool {
    bytes.count == size
      && bytes.withUnsafeBytes { all in
        all.baseAddress.map { memcmp($0, $0 + 1, all.count - 1) == 0 } ?? false
      }
  }

  @Test func readersSeeTheOldContentOrTheNew() throws {
    let path = folder("note")
    try DurableFile.replace(path, with: Self.content(0))
    let results = onThreads(3) { index in
      guard index == 0 else {
        return try (1...200).allSatisfy { _ in
          Self.isWhole(try DurableFile.read(path, limit: Self.size))
        }
      }
      for round in 1...40 { try DurableFile.replace(path, with: Self.content(round)) }
      return true
    }
    for result in results { #expect(try result.get()) }
  }

  @Test func writersOfOneFileNeverMixTheirContents() throws {
    let path = folder("note")
    let results = onThreads(4) { index in
      for round in 0..<10 {
        try DurableFile.replace(path, with: Self.content(index * 10 + round))
        guard Self.isWhole(try DurableFile.read(path, limit: Self.size)) else { return false }
      }
      return true
    }
    for result in results { #expect(try result.get()) }
    #expect(try folder.names() == ["note"])
  }

  @Test func appendedRecordsOfManyWritersStayWhole() throws {
    let path = folder("journal")
    let results = onThreads(4) { index in
      for round in 0..<10 {
        try DurableFile.append(Array("\(index) \(round) \(index)\n".utf8), to: path)
      }
    }
    for result in results { try result.get() }
    let lines = try #require(folder.text("journal")).split(separator: "\n").map(String.init)
    let wanted = (0..<4).flatMap { index in (0..<10).map { "\(index) \($0) \(index)" } }
    #expect(lines.sorted() == wanted.sorted())
  }
}
