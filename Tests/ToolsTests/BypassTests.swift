// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Tools

/// The corpus through every tool: nothing outside of the two folders is read or changed.
struct BypassTests {
  private let place: Workplace
  private static let mark = "TOP-SECRET-MARK"

  init() throws {
    place = try Workplace()
    try place.put(Self.mark, in: "secret")
    for folder in ["workspace", "repo"] {
      for (name, target) in BypassCorpus.links(to: place.path) {
        try place.link("\(folder)/\(name)", to: target)
      }
      #expect(mkfifo("\(place.path)/\(folder)/pipe", 0o600) == 0)
      #expect(link(place.path + "/secret", "\(place.path)/\(folder)/hard") == 0)
      try place.put("x", in: folder + "/a/inner")
    }
  }

  private static let paths =
    (BypassCorpus.paths + BypassCorpus.linkedPaths + ["pipe", "hard"]).flatMap {
      [$0, "work-repo/" + $0]
    }

  @Test("a path leads nowhere else", arguments: BypassTests.paths)
  func pathsStayInside(path: String) async throws {
    let before = try outside()
    let argument = JSONValue.string(path)
    for result in [
      await place.run(ToolName.readFile, ["path": argument]),
      await place.run(ToolName.listDirectory, ["path": argument]),
      await place.run(ToolName.searchFiles, ["text": "SECRET", "path": argument]),
      await place.run(ToolName.editFile, ["path": argument, "old": "SECRET", "new": "x"]),
      await place.run(ToolName.writeFile, ["path": argument, "content": "written"]),
    ] {
      let text = result.success ?? ""
      #expect(!text.contains(Self.mark) && !text.contains("root:"), "\(result)")
    }
    #expect(try outside() == before)
  }

  /// Everything beside the two folders, and that the links still are links.
  private func outside() throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
    let passwd = FileManager.default.contents(atPath: "/etc/passwd") ?? Data()
    return names + [place.text("secret") ?? "gone", "\(passwd.count)"]
  }

  private static let profiles = [
    "cat": ExecProfile(binary: "/usr/bin/cat"),
    "git": ExecProfile(binary: "/usr/bin/cat", subcommands: ["log", "status"]),
  ]

  private func resolve(_ profile: String, _ arguments: [String]) throws -> ResolvedExec {
    try ExecResolver.resolve(
      ["profile": .string(profile), "arguments": .array(arguments.map(JSONValue.string))],
      profiles: Self.profiles, folders: place.folders, digest: TestDigest.of)
  }

  @Test("a command is a list of plain arguments", arguments: BypassCorpus.commands)
  func commandsAreArguments(command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    for arguments in [[command], words, ["-c", command]] {
      do {
        let exec = try resolve("cat", arguments)
        // Nothing was expanded, joined or cut, and another program runs in no case.
        #expect(exec.arguments == arguments && exec.binary == "/usr/bin/cat")
        #expect(exec.environment == ExecEnvironment.fixed)
      } catch let error as ApplianceError {
        #expect(error.code == .execRefused, "\(error)")
        #expect(arguments.contains { $0.contains("\n") || $0.contains("/proc/") })
      }
      #expect(throws: ApplianceError.self) { try resolve("git", arguments) }
      #expect(throws: ApplianceError.self) { try resolve(words[0] + " ", Array(words.dropFirst())) }
    }
  }

  @Test("an argument that is a path brings in no file from outside", arguments: BypassTests.paths)
  func argumentsBringInNothing(path: String) throws {
    for argument in [path, "--file=" + path, place.path + "/workspace/" + path] {
      do {
        let exec = try resolve("cat", [argument])
        let outside = TestDigest.of(Array(Self.mark.utf8))
        // A second name inside is a name inside.
        #expect(!exec.files.values.contains(outside) || path.hasSuffix("hard"), "\(exec.files)")
      } catch let error as ApplianceError {
        #expect([.execRefused, .toolArguments].contains(error.code), "\(error)")
      }
    }
  }
}

/// Tells texts apart; the product's digest is SHA-256.
enum TestDigest {
  static func of(_ bytes: [UInt8]) -> Digest {
    let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Digest(rawValue: "test:\(bytes.count):\(String(hash, radix: 16))")
  }
}
