// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import TestSupport
import Testing

@testable import AuditLog

/// From the end a file has the lines that it has from its beginning.
struct ReadingFromTheEndTests {
  private let scratch: Scratch
  private var path: String { scratch.path + "/lines" }

  init() throws { scratch = try Scratch("lines") }

  private struct Line: Equatable {
    let offset: Int
    let bytes: [UInt8]
  }

  private func forward() throws -> (lines: [Line], torn: Int) {
    var (lines, offset): ([Line], Int) = ([], 0)
    let torn = try AuditReader.forEachLine(path) { bytes in
      lines.append(Line(offset: offset, bytes: Array(bytes)))
      offset += bytes.count + 1
      return true
    }
    return (lines, torn)
  }

  private func backward(atMost count: Int = .max) throws -> (lines: [Line], torn: Int) {
    var lines: [Line] = []
    let torn = try AuditReader.forEachLineFromEnd(path) { offset, bytes in
      lines.append(Line(offset: offset, bytes: Array(bytes)))
      return lines.count < count
    }
    return (lines, torn)
  }

  private func write(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  @Test func linesAreTheSame() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "ReadingFromTheEndTests"))
    for _ in 0..<40 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        let long = Int.random(in: 0...AuditFiles.lineLimit - 1, using: &random)
        let count = Bool.random(using: &random) ? long : Int.random(in: 0...3, using: &random)
        bytes += [UInt8](repeating: UInt8.random(in: 11...255, using: &random), count: count) + [10]
      }
      let torn = Bool.random(using: &random) ? Int.random(in: 0...60_000, using: &random) : 0
      try write(bytes + [UInt8](repeating: 65, count: torn))
      let (expected, found) = (try forward(), try backward())
      #expect(found.lines == expected.lines.reversed())
      #expect(found.torn == torn && expected.torn == torn)
    }
  }

  @Test(arguments: ["", "\n", "\n\n", "a", "a\n", "\na", "a\nb\n\n", "a\nb"])
  func shortFilesAreTheSame(text: String) throws {
    try write(Array(text.utf8))
    let (expected, found) = (try forward(), try backward())
    #expect(found.lines == expected.lines.reversed())
    #expect(found.torn == expected.torn)
  }

  @Test func readsNoFurtherThanItIsAsked() throws {
    let tooLong = [UInt8](repeating: 65, count: AuditFiles.lineLimit)
    try write(tooLong + Array("\na\nb\nc".utf8))
    #expect(try backward(atMost: 2).lines.map(\.bytes) == [Array("b".utf8), Array("a".utf8)])
    #expect(throws: ApplianceError.self) { try backward() }
    try write(tooLong + tooLong)
    #expect(throws: ApplianceError.self) { try backward() }
  }

  @Test func newestRecordsAreFoundAcrossFiles() throws {
    let bench = try LogBench()
    try bench.fill(30, sealEvery: 10)
    let lines = try bench.lines()
    // As if the first file had been full at the second seal.
    try bench.write(Array(lines.prefix(23)))
    let next = bench.files.path(AuditFiles.segment(first: 23))
    try Data((lines[23...].joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: next))
    let archive = AuditArchive(bench.files)
    func numbers(_ count: Int, _ fits: (AuditEvent) -> Bool = { _ in true }) throws -> [UInt64] {
      try archive.newest(count, where: fits).map(\.sequence)
    }
    #expect(try numbers(1) == [32])
    #expect(try numbers(12) == [20, 21] + Array(23...32))
    #expect(try numbers(100) == Array(0...10) + Array(12...21) + Array(23...32))
    #expect(try numbers(2) { $0.details["number"]?.hasPrefix("1") == true } == [20, 21])
    #expect(try numbers(0) == [])
  }
}
