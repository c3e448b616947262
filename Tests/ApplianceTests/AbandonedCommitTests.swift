// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

/// What a rewind gave up stays given up, though it is signed.
struct AbandonedCommitTests {
  private let host: SignedHost
  private let (start, second, third): (String, String, String)

  /// The host accepted three commits and was then allowed to go back to the first.
  init() throws {
    host = try SignedHost("abandoned")
    start = try host.change("one")
    try host.configure("verify: signatures, start: \"\(start)\"")
    #expect(try host.apply().code == 0)
    second = try host.change("two")
    third = try host.change("three")
    #expect(try host.apply().code == 0)
  }

  private func requireGivenUp() throws {
    let refused = try host.apply()
    #expect(refused.code == 7, "\(refused.errors)")
    #expect(refused.errors.contains("was given up by a rewind"))
    #expect(try host.applied() == start)
  }

  private func rewind() throws {
    try host.reset(to: start)
    #expect(try host.apply().errors.contains("the branch was rewound"))
    let accepted = try host.acceptRewind(to: start)
    #expect(accepted.code == 0, "\(accepted.errors)")
    #expect(try host.apply().code == 0)
    #expect(try host.applied() == start)
  }

  @Test func givenUpCommitIsRefusedWhenItIsPushedBack() throws {
    try rewind()
    try host.reset(to: third)
    try requireGivenUp()
  }

  @Test func commitThatLedToItIsRefused() throws {
    try rewind()
    try host.reset(to: second)
    try requireGivenUp()
  }

  @Test func newCommitOnTopOfItIsRefused() throws {
    try rewind()
    try host.reset(to: third)
    try host.change("four")
    try requireGivenUp()
  }

  @Test func newCommitOnTopOfTheRewindIsTaken() throws {
    try rewind()
    let next = try host.change("four")
    #expect(try host.apply().code == 0)
    #expect(try host.applied() == next)
    try host.reset(to: third)
    let refused = try host.apply()
    #expect(refused.code == 7)
    #expect(refused.errors.contains("rewound"))
  }

  @Test func secondStatementTakesItBack() throws {
    try rewind()
    try host.reset(to: third)
    let accepted = try host.acceptRewind(to: third)
    #expect(accepted.code == 0, "\(accepted.errors)")
    #expect(try host.apply().code == 0)
    #expect(try host.applied() == third)
  }

  @Test func operatorsWordGivesUpToo() throws {
    try host.configure("verify: none")
    try host.reset(to: start)
    #expect(try host.apply().code == 7)
    // Another commit than the branch is at would refuse every pass after it.
    let nowhere = String(repeating: "0123456789", count: 4)
    let refused = try host.run("source", "accept", "--commit", nowhere, "--reason", "try")
    #expect(refused.code == 7 && refused.errors.contains("the branch is at"), "\(refused)")
    let accepted = try host.run("source", "accept", "--commit", start, "--reason", "try")
    #expect(accepted.code == 0, "\(accepted.errors)")
    #expect(try host.apply().code == 0)
    try host.reset(to: second)
    try requireGivenUp()
  }
}
