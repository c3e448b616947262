// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Skills
import TestSupport
import Testing

/// Archives as tar and gzip write them, and as no tool writes them.
struct SkillArchiveTests {
  private static func scratch() throws -> Scratch {
    let scratch = try Scratch("skill")
    try scratch.write("notes/SKILL.md", SkillCase.header)
    try scratch.write("notes/scripts/run", "#!/bin/sh\necho hi\n")
    return scratch
  }

  @Test(
    "tar, with and without gzip, of the folder and of its content",
    arguments: [
      ["-c", "notes"], ["-cz", "notes"], ["-c", "--format=pax", "notes"],
      ["-cz", "--format=ustar", "notes"],
      ["-c", "--format=gnu", "./notes"],
    ])
  func forms(arguments: [String]) throws {
    let scratch = try Self.scratch()
    let long = "notes/references/" + String(repeating: "a", count: 120) + ".md"
    if !arguments.contains("--format=ustar") { try scratch.write(long, "x") }
    let process = try Self.run(scratch, arguments)
    let package = try SkillArchive.package(in: process)
    let folder = try SkillArchive.package(at: scratch.path + "/notes")
    #expect(package.digest == folder.digest)
    #expect(package.scripts == ["scripts/run"])
  }

  private static func run(_ scratch: Scratch, _ arguments: [String]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["tar", "-C", scratch.path] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return [UInt8](data)
  }

  @Test("links and names that lead out are refused, wherever they point")
  func links() throws {
    let scratch = try Self.scratch()
    let link = scratch.path + "/notes/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc/passwd")
    for arguments in [["-c", "notes"], ["-cz", "notes"]] {
      let bytes = try Self.run(scratch, arguments)
      #expect(throws: ApplianceError.self) { try SkillArchive.package(in: bytes) }
    }
    #expect(throws: ApplianceError.self) {
      try SkillArchive.package(at: scratch.path + "/notes")
    }
    try FileManager.default.removeItem(atPath: link)
    try FileManager.default.linkItem(
      atPath: scratch.path + "/notes/SKILL.md", toPath: scratch.path + "/notes/twin")
    let hard = try Self.run(scratch, ["-c", "notes"])
    #expect(throws: ApplianceError.self) { try SkillArchive.package(in: hard) }
  }

  @Test("no bytes make it fail otherwise than with an error")
  func damage() throws {
    let scratch = try Self.scratch()
    let seed = UInt64.random(in: .min ... .max)
    var random = SplitMix64(seed: seed)
    for arguments in [["-c", "notes"], ["-cz", "notes"], ["-c", "--format=pax", "notes"]] {
      let whole = try Self.run(scratch, arguments)
      for _ in 0..<400 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        }
        if Bool.random(using: &random) {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        }
        do { _ = try SkillArchive.package(in: bytes) } catch {
          #expect(error is ApplianceError, "seed \(seed): \(error)")
        }
      }
    }
  }

  @Test("a small archive that unpacks to much is refused before it is unpacked whole")
  func bomb() throws {
    let scratch = try Self.scratch()
    let zeros = Data(count: 200 << 20)
    try zeros.write(to: URL(fileURLWithPath: scratch.path + "/notes/big"))
    let bytes = try Self.run(scratch, ["-cz", "notes"])
    #expect(bytes.count < 1 << 20)
    #expect(throws: ApplianceError.self) { try SkillArchive.package(in: bytes) }
    #expect(throws: ApplianceError.self) {
      try SkillArchive.package(in: Array("PK\u{3}\u{4}".utf8))
    }
  }
}
