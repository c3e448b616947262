// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// What an appliance is, seen from outside: what a commit asks for, found in files and rows.
struct HomeImage: Equatable, Sendable {
  /// Each thing by its name (`config.json`, `workspace/AGENTS.md`, `channel web`, `tiers`) with
  /// all that is to be said of it.
  let things: [String: String]
  /// Files that a crash must not tear, and were.
  let torn: [String]
  /// Temporary files, locks of nobody and an open journal.
  let leftovers: [String]

  init(home: String) throws {
    let state = "\(home)/.kafclaw"
    var things: [String: String] = [:]
    var (torn, leftovers): ([String], [String]) = ([], [])
    things["config.json"] = try Self.describe("\(state)/config.json")
    let names = try FileManager.default.subpathsOfDirectory(atPath: home).sorted()
    for name in names {
      let path = "\(home)/\(name)"
      if Self.isLeftover(name) {
        leftovers.append(name)
      } else if name.hasPrefix(".kafclaw/workspace/") {
        let thing = name.dropFirst(".kafclaw/".count)
        things[String(thing)] = try Self.describe(path)
      }
      if try !Self.isWhole(path) { torn.append(name) }
    }
    for (thing, rows) in try Self.access("\(state)/timeline.db") {
      if thing == "integrity" {
        if rows != "ok" { torn.append("timeline.db: \(rows)") }
      } else {
        things[thing] = rows
      }
    }
    self.things = things
    (self.torn, self.leftovers) = (torn, leftovers)
  }

  /// Two images of the same state differ in nothing that a commit asks for.
  func isSame(as other: HomeImage) -> Bool { things == other.things }

  /// Things that are as in none of `others`.
  func strangers(to others: [HomeImage]) -> [String] {
    Set(things.keys).union(others.flatMap(\.things.keys)).sorted()
      .filter { thing in !others.contains { $0.things[thing] == things[thing] } }
  }

  /// Content, mode and, of links, the target; `nil` for nothing and for folders.
  private static func describe(_ path: String) throws -> String? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else {
      return "link to \(try FileManager.default.destinationOfSymbolicLink(atPath: path))"
    }
    let mode = String(status.st_mode & 0o7777, radix: 8)
    let content = try Data(contentsOf: URL(fileURLWithPath: path))
    return "\(mode) \(String(decoding: content, as: UTF8.self))"
  }

  private static func isLeftover(_ name: String) -> Bool {
    // Set aside on purpose, and replaced by the next one.
    if name.hasPrefix(".kafclaw/source.git.damaged/") { return false }
    let last = name.split(separator: "/").last ?? ""
    return last.hasSuffix(".tmp") || last.hasSuffix("idx.lock") || last.hasPrefix("pack_git2_")
      || last == "journal.jsonl" || (last.hasSuffix(".lock") && last != "appliance.lock")
  }

  /// Whether each JSON document is one; of lines, all but the last, which a crash may tear.
  private static func isWhole(_ path: String) throws -> Bool {
    if path.hasSuffix(".json") {
      return isJSON(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    guard path.hasSuffix(".jsonl") else { return true }
    let lines = try Data(contentsOf: URL(fileURLWithPath: path)).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.dropLast().allSatisfy { $0.isEmpty || isJSON(Data($0)) }
  }

  private static func isJSON(_ data: Data) -> Bool {
    // `try?`: what cannot be read is the answer.
    (try? JSONSerialization.jsonObject(with: data)) != nil
  }

  struct DatabaseFailure: Error { let message: String }

  /// Channels and tiers by name, and what SQLite says of the file's integrity; from a copy, so that
  /// a log that a crash left stays as it is.
  private static func access(_ database: String) throws -> [String: String] {
    let script = """
      import json, os, shutil, sqlite3, sys, tempfile
      with tempfile.TemporaryDirectory() as folder:
          for end in ("", "-wal"):
              if os.path.exists(sys.argv[1] + end):
                  shutil.copyfile(sys.argv[1] + end, folder + "/t.db" + end)
          c = sqlite3.connect(folder + "/t.db")
          out = {"integrity": "; ".join(r[0] for r in c.execute("PRAGMA integrity_check"))}
          for name, policy in c.execute("SELECT channel, policy FROM channel_policy"):
              out["channel " + name] = policy
          for name, who in c.execute("SELECT channel, sender FROM channel_sender ORDER BY 1, 2"):
              out["channel " + name] = out.get("channel " + name, "no policy") + " " + who
          out["tiers"] = json.dumps(c.execute("SELECT * FROM sender_tier ORDER BY 1").fetchall())
          c.close()
      print(json.dumps(out))
      """
    let result = try Program.command(["python3", "-c", script, database])
    guard result.code == 0 else { throw DatabaseFailure(message: result.errors) }
    return try JSONDecoder().decode([String: String].self, from: Data(result.output.utf8))
  }
}
