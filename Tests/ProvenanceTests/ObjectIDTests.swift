// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

@testable import Provenance

/// Ids as git and everybody else computes them.
struct ObjectIDTests {
  @Test func agreesWithTheSystem() throws {
    let scratch = try Scratch("sha1")
    let messages = (0...200).map { [UInt8](repeating: UInt8($0), count: $0) }
    let names = messages.indices.map { String($0) }
    for (name, message) in zip(names, messages) {
      try Data(message).write(to: URL(filePath: "\(scratch.path)/\(name)"))
    }
    let lines = try Tool.require(["sha1sum"] + names, in: scratch.path).text.split(separator: "\n")
    let digests = messages.map { ObjectID.sha1($0).map { String(format: "%02x", $0) }.joined() }
    #expect(lines.map { String($0.prefix(40)) } == digests)
  }

  @Test func agreesWithGit() throws {
    let repository = try GitRepository(try Keyring())
    let commit = try repository.commit()
    #expect(try repository.judge([commit]).map(\.id) == [ObjectID.commit(commit)])
  }
}
