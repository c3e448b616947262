// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Sandbox
import TestSupport
import Testing

@testable import Tools

/// Finding files and lines, within limits and without leaving the folders.
struct SearchFilesTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    try place.put("alpha\nBeta beta\n\ngamma", in: "workspace/a.md")
    try place.put("beta", in: "workspace/deep/er/b.txt")
    try place.put("beta", in: "workspace/.git/config")
    try place.put(Data([0x62, 0x65, 0x74, 0x61, 0]), in: "workspace/binary")
    try place.put("beta of the repo", in: "repo/c.md")
  }

  private func search(_ arguments: JSONValue) async -> String? {
    await place.run(ToolName.searchFiles, arguments).success
  }

  @Test func findsLines() async {
    #expect(await search(["text": "beta"]) == "a.md:2: Beta beta\ndeep/er/b.txt:1: beta")
    #expect(await search(["text": "Beta"]) == "a.md:2: Beta beta")
    #expect(await search(["text": "ALPHA", "ignore_case": true]) == "a.md:1: alpha")
    #expect(await search(["text": "ALPHA"]) == "(nothing found)")
    #expect(await search(["text": "a.*a"]) == "(nothing found)")
    #expect(await search(["text": "beta", "path": "deep"]) == "deep/er/b.txt:1: beta")
    #expect(
      await search(["text": "beta", "path": "work-repo/"]) == "work-repo/c.md:1: beta of the repo")
    #expect(await search(["text": "gamma", "path": ""]) == "a.md:4: gamma")
  }

  @Test func findsNames() async {
    #expect(await search(["name": "*.md"]) == "a.md\nnote.md")
    #expect(await search(["name": "?.txt"]) == "deep/er/b.txt")
    #expect(await search(["name": "A.MD", "ignore_case": true]) == "a.md")
    #expect(await search(["name": "b*"]) == "binary\ndeep/er/b.txt")
    #expect(await search(["name": "*.txt", "text": "beta"]) == "deep/er/b.txt:1: beta")
  }

  @Test("links, pipes and files of two names are passed over")
  func passesOver() async throws {
    try place.link("workspace/link", to: place.path)
    try place.link("workspace/link.md", to: place.path + "/secret")
    #expect(mkfifo(place.path + "/workspace/pipe", 0o600) == 0)
    #expect(Glibc.link(place.path + "/secret", place.path + "/workspace/hard") == 0)
    #expect(
      await search(["text": "secret"])
        == "(nothing found)\n[1 files or folders could not be looked into]")
    #expect(await place.run(ToolName.searchFiles, ["text": "x", "path": "link"]).failure != nil)
    #expect(await place.run(ToolName.searchFiles, ["text": "x", "path": ".."]).failure != nil)
    #expect(await place.run(ToolName.searchFiles, ["text": "x", "path": "/etc"]).failure != nil)
  }

  @Test("results, lines and depth have limits")
  func hasLimits() async throws {
    try place.put(String(repeating: "hit\n", count: 1_000), in: "workspace/many")
    let many = try #require(await search(["text": "hit"])).split(separator: "\n")
    #expect(many.count == SearchFilesTool.limit + 1)
    try place.put(String(repeating: "ü", count: 1_000) + "needle", in: "workspace/wide")
    let wide = try #require(await search(["text": "needle"]))
    #expect(wide == "wide:1: " + String(repeating: "ü", count: FileSearch.lineLimit / 2))
    let deep = String(repeating: "d/", count: 40)
    try place.put("bottom", in: "workspace/\(deep)file")
    #expect(await search(["text": "bottom"])?.contains("1 files or folders") == true)
  }

  @Test("a walk ends at each of its limits")
  func walkEnds() throws {
    for index in 0..<20 { try place.put("12345678", in: "workspace/many/\(index)") }
    func walk(_ limits: ConfinedWalk.Limits) throws -> (visited: Int, report: ConfinedWalk.Report) {
      var visited = 0
      let walk = try ConfinedWalk("many", in: place.folders.workspace, limits: limits)
      let report = try walk.run { _, _ in
        true
      } _: { _, _ in
        visited += 1
        return true
      }
      return (visited, report)
    }
    var limits = ConfinedWalk.Limits()
    #expect(try walk(limits).visited == 20)
    limits.entries = 5
    #expect(try walk(limits).visited == 5)
    #expect(try walk(limits).report.limit == "5 names")
    limits = ConfinedWalk.Limits()
    limits.totalBytes = 24
    #expect(try walk(limits).visited == 3)
    limits = ConfinedWalk.Limits()
    limits.fileBytes = 7
    #expect(try walk(limits).report.skipped == 20)
    limits = ConfinedWalk.Limits()
    limits.time = .zero
    #expect(try walk(limits).visited == 0)
    #expect(try walk(limits).report.limit != nil)
  }

  @Test("a pattern matches what its definition says, and stars do not take long")
  func matchesPatterns() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "matchesPatterns"))
    for _ in 0..<3_000 {
      let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        "ab*?*".randomElement(using: &random) ?? "a"
      }
      let name = (0..<Int.random(in: 0...7, using: &random)).map { _ in
        "ab".randomElement(using: &random) ?? "a"
      }
      let matches = NamePattern(String(pattern), ignoresCase: false).matches(String(name))
      #expect(matches == Self.matches(pattern[...], name[...]), "\(pattern) \(name)")
    }
    let stars = NamePattern(String(repeating: "a*", count: 128) + "b", ignoresCase: false)
    #expect(!stars.matches(String(repeating: "a", count: 255)))
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>)
    -> Bool
  {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      return matches(pattern.dropFirst(), name)
        || (!name.isEmpty && matches(pattern, name.dropFirst()))
    }
    return !name.isEmpty && (first == "?" || first == name.first)
      && matches(pattern.dropFirst(), name.dropFirst())
  }

  @Test("bytes are found where a plain comparison finds them")
  func findsBytes() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "findsBytes"))
    for _ in 0..<3_000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...1, using: &random)
      }
      let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        UInt8.random(in: 0...1, using: &random)
      }
      var (expected, place): ([Int], Int) = ([], 0)
      while !pattern.isEmpty && place + pattern.count <= text.count {
        if text[place..<place + pattern.count].elementsEqual(pattern) {
          expected.append(place)
          place += pattern.count
        } else {
          place += 1
        }
      }
      #expect(ByteSearch(pattern).places(in: text) == expected, "\(pattern) in \(text)")
    }
  }
}
