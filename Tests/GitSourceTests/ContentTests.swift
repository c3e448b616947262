// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// Files that stand for other content, so that reviewers and hosts would not read the same.
struct ContentTests {
  private let origin: GitRepository

  init() throws {
    origin = try GitRepository(in: try TemporaryFolder())
  }

  private func read(_ files: [String: String]) throws -> [String: SourceTree.File] {
    try origin.commit(try origin.tree(files: files))
    return try GitReader.snapshot(
      of: origin.path, branch: "main", folder: "", entries: ["kafclaw.yaml", "workspace"]
    ).tree.files
  }

  private func expectRefusal(_ files: [String: String], mentioning word: String) {
    expectRefusal(mentioning: word) { try read(files) }
  }

  private func expectRefusal<Result>(mentioning word: String, _ body: () throws -> Result) {
    let error = #expect(throws: ApplianceError.self) { try body() }
    #expect(error?.code == .sourceRefused)
    #expect(error?.message.contains(word) == true)
  }

  private static let pointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
    size 12345

    """

  @Test func refusesPointersOfLFS() throws {
    expectRefusal(["workspace/model.bin": Self.pointer], mentioning: "workspace/model.bin")
    expectRefusal(["kafclaw.yaml": Self.pointer], mentioning: "kafclaw.yaml")
    #expect(try read(["workspace/A": "About " + Self.pointer]).count == 1)
    #expect(try read(["other": Self.pointer]).isEmpty)
  }

  @Test(arguments: [
    "* filter=lfs\n", "*.bin filter=lfs diff=lfs merge=lfs -text\n", "a\tfilter\r\n",
    "# none\n\n*.c text\n\"a b\" ident", "[attr]secret filter=crypt",
    "x working-tree-encoding=UTF-16",
    "*  text=auto \u{0B} filter=x",
  ])
  func refusesAttributesThatChangeContent(text: String) {
    for path in [".gitattributes", "workspace/.gitattributes", "workspace/a/.gitattributes"] {
      expectRefusal([path: text, "kafclaw.yaml": "version: 1\n"], mentioning: ".gitattributes")
    }
  }

  @Test(arguments: [
    "", "* text=auto eol=lf\n", "# * filter=lfs\n", "*.bin -filter\n", "*.bin !filter diff\n",
    "filter text\n", "*.sh linguist-detectable=filter\n",
  ])
  func takesOtherAttributes(text: String) throws {
    let files = try read([
      ".gitattributes": text, "workspace/.gitattributes": text, "kafclaw.yaml": "version: 1\n",
    ])
    #expect(files.keys.sorted() == ["kafclaw.yaml", "workspace/.gitattributes"])
  }

  @Test(arguments: [".gitmodules", ".GITMODULES", "workspace/.gitmodules"])
  func refusesListsOfSubmodules(path: String) {
    expectRefusal([path: "", "kafclaw.yaml": "version: 1\n"], mentioning: "submodules")
  }

  /// The size is in the header, and there is nothing else to read.
  @Test func refusesALargeFileWithoutReadingIt() throws {
    let large = try origin.blob(Data(repeating: 0, count: 4 << 20))
    try origin.commit(try origin.tree([.file(large, "kafclaw.yaml")]))
    let file = URL(
      filePath: "\(origin.path)/objects/\(large.prefix(2))/\(large.dropFirst(2))")
    let content = try Data(contentsOf: file)
    try FileManager.default.removeItem(at: file)
    try content.prefix(100).write(to: file)
    expectRefusal(mentioning: "4194304") {
      try GitReader.snapshot(
        of: origin.path, branch: "main", folder: "", entries: ["kafclaw.yaml"])
    }
  }
}

/// The most memory this process had so far. Bytes.
func peakMemory() -> Int {
  var usage = rusage()
  return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage.ru_maxrss * 1_024 : 0
}
