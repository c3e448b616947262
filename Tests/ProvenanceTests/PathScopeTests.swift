// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

@testable import Provenance

/// Which paths a signer may change.
struct PathScopeTests {
  private func allows(_ entries: [String], _ path: String) -> Bool {
    PathScope(entries).firstOutside([path]) == nil
  }

  @Test func noEntryIsEverything() {
    for path in ["a", "a/b", "../x", "", "/"] { #expect(allows([], path)) }
  }

  @Test func foldersAndFiles() {
    let entries = ["kafclaw.d/", "kafclaw.yaml"]
    for path in ["kafclaw.yaml", "kafclaw.d/a.yaml", "kafclaw.d/b/c.yaml"] {
      #expect(allows(entries, path), "\(path)")
    }
    for path in [
      "kafclaw.yam", "kafclaw.yaml2", "kafclaw.yaml/x", "kafclaw.d", "kafclaw.d/", "kafclaw.dx/a",
      "a/kafclaw.yaml", "x/kafclaw.d/a", "Kafclaw.yaml", "", "/kafclaw.yaml", "./kafclaw.yaml",
      "kafclaw.d//a", "kafclaw.d/../kafclaw2.yaml", "kafclaw.d/./a", "kafclaw.d/a/..",
      "kafclaw.d/a/",
    ] {
      #expect(!allows(entries, path), "\(path)")
    }
  }

  /// Swift's characters hide a slash before a combining mark and join spellings of an umlaut.
  @Test func bytesAreCompared() {
    #expect(!allows(["a/"], "a\u{301}/b"))
    #expect(allows(["a/"], "a/\u{301}b"))
    #expect(!allows(["\u{fc}.yaml"], "u\u{308}.yaml"))
    #expect(!allows(["a/\u{301}/"], "a/b"))
  }

  @Test func entriesThatNameNothingAllowNothing() {
    for entry in ["", "/", "//", "../", "./", "a//", "/a", "a/../"] {
      for path in ["a", "a/b", "b", "../b", "/a", "a/../b", ""] {
        #expect(!allows([entry], path), "\(entry) \(path)")
      }
    }
  }

  @Test func oneOutsideIsEnough() {
    let scope = PathScope(["a/", "b"])
    #expect(scope.firstOutside(["a/x", "b", "c", "d"]) == "c")
    #expect(scope.firstOutside(["a/x", "b"]) == nil)
    #expect(scope.firstOutside([]) == nil)
  }
}
