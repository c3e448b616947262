// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// Trees and commits that git would not have written, and objects that are not what they should be.
struct MalformedObjectTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
  }

  private func expectRefusal(
    _ code: ApplianceError.Code = .sourceRefused, mentioning word: String = ""
  ) {
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.snapshot(
        of: origin.path, branch: "main", folder: "", entries: ["kafclaw.yaml", "workspace"])
    }
    #expect(error?.code == code)
    if !word.isEmpty { #expect(error?.message.contains(word) == true) }
  }

  private func object(_ type: String, _ content: some Sequence<UInt8>) throws -> String {
    try origin.git(
      "hash-object", "-t", type, "-w", "--literally", "--stdin", input: Data(content))
  }

  /// Puts a commit with this tree at the tip, without git's looking at either.
  private func commit(_ tree: String, header: String = "") throws {
    let person = "A <a@example.org> 1750000000 +0000"
    let text = "tree \(tree)\n\(header)author \(person)\ncommitter \(person)\n\ntext\n"
    try point(at: try object("commit", text.utf8))
  }

  private func point(at commit: String) throws {
    let file = URL(filePath: origin.path + "/refs/heads/main")
    try Data("\(commit)\n".utf8).write(to: file)
  }

  private static let zeros = [UInt8](repeating: 7, count: 20)

  @Test(arguments: [
    Array("100644 kafclaw.yaml".utf8), Array("100644 kafclaw.yaml\0".utf8),
    Array("100644 kafclaw.yaml\0".utf8) + zeros.dropLast(), Array("100644 \0".utf8) + zeros,
    Array("100844 a\0".utf8) + zeros, Array(" a\0".utf8) + zeros, Array("100644a\0".utf8) + zeros,
    Array("10064400 a\0".utf8) + zeros, Array("-100644 a\0".utf8) + zeros, [0], [0x20],
    Array("100644 ".utf8) + [UInt8](repeating: 0x61, count: 5_000) + [0] + zeros,
    Array("100644 a\0".utf8) + zeros + [0],
  ])
  func refusesMalformedTrees(content: [UInt8]) throws {
    try commit(try object("tree", content))
    expectRefusal(mentioning: "malformed")
    let inner = try object("tree", content)
    try commit(try object("tree", Array("40000 workspace\0".utf8) + raw(inner)))
    expectRefusal(mentioning: "workspace")
  }

  @Test func refusesTreesOutOfOrder() throws {
    let file = try origin.blob("x")
    try commit(try origin.rawTree([.file(file, "b"), .file(file, "a")]))
    expectRefusal(mentioning: "order")
    try commit(try origin.rawTree([.folder(file, "a"), .file(file, "a.b")]))
    expectRefusal(mentioning: "order")
  }

  /// In git's order a file and a folder of one name may stand apart.
  @Test func refusesTwoEntriesOfOneNameThatStandApart() throws {
    let file = try origin.blob("x")
    let inner = try origin.tree(files: ["A": "x"])
    try commit(
      try origin.rawTree([
        .file(file, "workspace"), .file(file, "workspace.b"), .folder(inner, "workspace"),
      ]))
    expectRefusal(mentioning: "two entries \"workspace\"")
  }

  @Test func refusesPaddedModesOfFolders() throws {
    let inner = try origin.tree(files: ["A": "x"])
    try commit(try object("tree", Array("040000 workspace\0".utf8) + raw(inner)))
    expectRefusal(mentioning: "mode 040000")
  }

  @Test func refusesObjectsOfAnotherType() throws {
    let file = try origin.blob("x")
    try commit(try origin.rawTree([.folder(file, "workspace")]))
    expectRefusal(mentioning: "another type")
    try commit(file)
    expectRefusal(mentioning: "another type")
    try point(at: file)
    expectRefusal(mentioning: "another type")
  }

  @Test(arguments: [
    "", "\n", "tree \n", "tree 1111\n", "Tree 1111111111111111111111111111111111111111\n",
    "parent 1111111111111111111111111111111111111111\n",
    "tree 111111111111111111111111111111111111111G\n\n",
  ])
  func refusesMalformedCommits(text: String) throws {
    try point(at: try object("commit", text.utf8))
    expectRefusal(mentioning: "malformed")
  }

  @Test(arguments: [
    "", "A <a@example.org>", "A <a@example.org> now", "A <a@example.org> -1 +0000",
    "A a@example.org 1750000000 +0000", "A <a> 99999999999999999999 +0000",
    "A <a> 9223372036854775807 +0000", "A <a> 253402300800 +0000",
  ])
  func refusesCommitsWithoutATime(person: String) throws {
    let tree = try origin.tree(files: ["kafclaw.yaml": "x"])
    try point(at: try object("commit", "tree \(tree)\ncommitter \(person)\n\ntext".utf8))
    expectRefusal(mentioning: "malformed")
    try point(at: try object("commit", "tree \(tree)\n\ncommitter A <a> 1 +0000\n".utf8))
    expectRefusal(mentioning: "malformed")
  }

  @Test func tellsOfMissingObjects() throws {
    let nothing = String(repeating: "1", count: 40)
    try commit(nothing)
    expectRefusal(.gitDamaged, mentioning: nothing)
    try commit(try origin.rawTree([.file(nothing, "kafclaw.yaml")]))
    expectRefusal(.gitDamaged, mentioning: nothing)
    try point(at: nothing)
    expectRefusal(.gitDamaged, mentioning: nothing)
  }

  /// An object whose bytes are not those of its id.
  @Test func tellsOfChangedObjects() throws {
    let honest = try origin.blob("honest")
    let other = try origin.blob("other!")
    try origin.commit(try origin.tree([.file(honest, "kafclaw.yaml")]))
    func file(_ object: String) -> String {
      "\(origin.path)/objects/\(object.prefix(2))/\(object.dropFirst(2))"
    }
    try FileManager.default.removeItem(atPath: file(honest))
    try FileManager.default.copyItem(atPath: file(other), toPath: file(honest))
    expectRefusal(.gitDamaged, mentioning: honest)
  }

  private func raw(_ object: String) -> [UInt8] {
    stride(from: 0, to: 40, by: 2).compactMap { UInt8(object.dropFirst($0).prefix(2), radix: 16) }
  }
}
