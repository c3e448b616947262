// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

/// What was accepted under other circumstances is not trusted in new ones because it is there: the
/// host's operator confirms where to start.
struct SourceContextTests {
  private let host: SignedHost

  init() throws { host = try SignedHost("context") }

  private func requireUnconfirmed(applied: String) throws {
    let refused = try host.apply()
    #expect(refused.code == 7, "\(refused.errors)")
    #expect(refused.errors.contains("nobody has confirmed the commit"))
    #expect(try host.applied() == applied)
  }

  private func requireApplied(_ commit: String) throws {
    let result = try host.apply()
    #expect(result.code == 0, "\(result.errors)")
    #expect(try host.applied() == commit)
  }

  /// A host that follows `main` and has forgotten its starting commit, as it may.
  private func follow() throws -> String {
    let first = try host.change("one")
    try host.configure("verify: signatures, start: \"\(first)\"")
    try requireApplied(first)
    try host.configure("verify: signatures")
    let second = try host.change("two")
    try requireApplied(second)
    return second
  }

  @Test func otherBranchNeedsAStart() throws {
    let tip = try follow()
    try host.signed.git(["checkout", "-q", "-b", "other"])
    let next = try host.change("three")
    try host.configure("verify: signatures, branch: other")
    try requireUnconfirmed(applied: tip)
    try host.configure("verify: signatures, branch: other, start: \"\(next)\"")
    try requireApplied(next)
    // From here on it is as settled as the branch before was.
    try host.configure("verify: signatures, branch: other")
    try requireApplied(try host.change("four"))
  }

  /// A start says which commit to begin with, not that what was accepted before may be lost.
  @Test func startIsNoWayAroundARewind() throws {
    let tip = try follow()
    try host.signed.git(["checkout", "-q", "-b", "other", "HEAD~1"])
    let aside = try host.change("aside")
    try host.configure("verify: signatures, branch: other, start: \"\(aside)\"")
    let refused = try host.apply()
    #expect(refused.code == 7)
    #expect(refused.errors.contains("rewound"))
    #expect(try host.applied() == tip)
    let accepted = try host.acceptRewind(to: aside)
    #expect(accepted.code == 0, "\(accepted.errors)")
    try requireApplied(aside)
  }

  @Test func otherFolderNeedsAStart() throws {
    _ = try follow()
    let tip = try host.change("edge", in: "edge")
    #expect(try host.apply().code == 0)
    try host.configure("verify: signatures, path: edge")
    try requireUnconfirmed(applied: tip)
    try host.configure("verify: signatures, path: edge, start: \"\(tip)\"")
    #expect(try host.apply().code == 0)
    #expect(try host.run("history").output.contains("configuration/config.json"))
  }

  /// What a commit changed outside of the folder was never held against its signer.
  @Test func narrowSignerCannotPrepareAnotherFolder() throws {
    let start = try host.change("one", in: "a")
    let lists = "  lists: {key: \"\(try host.signed.publicKey("mallory"))\", paths: [notes]}"
    try host.configure("verify: signatures, path: a, start: \"\(start)\"", signers: lists)
    try requireApplied(start)
    let planted = try host.change("planted", in: "b", by: "mallory")
    #expect(try host.apply().code == 0, "it changes nothing in the folder that is followed")
    try host.change("two", in: "b")
    #expect(try host.apply().code == 0)
    try host.configure("verify: signatures, path: b, start: \"\(start)\"", signers: lists)
    let refused = try host.apply()
    #expect(refused.code == 7)
    #expect(refused.errors.contains(String(planted.prefix(12))))
  }

  @Test func demandingSignaturesNeedsAStart() throws {
    let first = try host.change("one", by: nil)
    try host.configure("verify: none")
    try requireApplied(first)
    let second = try host.change("two")
    try host.configure("verify: signatures")
    try requireUnconfirmed(applied: first)
    try host.configure("verify: signatures, start: \"\(first)\"")
    let refused = try host.apply()
    #expect(refused.code == 7)
    #expect(refused.errors.contains(String(first.prefix(12))), "the start is judged too")
    try host.configure("verify: signatures, start: \"\(second)\"")
    try requireApplied(second)
  }
}
