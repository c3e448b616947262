// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What this host accepted outlives the loss of either record of it, and of both.
struct TrustRecordTests {
  private let host: SignedHost
  private let (start, second): (String, String)

  init() throws {
    host = try SignedHost("record")
    start = try host.change("one")
    try host.configure("verify: signatures, start: \"\(start)\"")
    #expect(try host.apply().code == 0)
    second = try host.change("two")
    #expect(try host.apply().code == 0)
  }

  private var places: [String] {
    ["\(host.home)/.kafclaw/reconciler", "\(host.home)/.config/kafclaw"].map {
      "\($0)/source-trust.json"
    }
  }

  private func requireRewindRefused() throws {
    try host.reset(to: start)
    let refused = try host.apply()
    #expect(refused.code == 7, "\(refused.errors)")
    #expect(refused.errors.contains("the branch was rewound: commit \(second.prefix(12))"))
    #expect(try host.applied() == second)
  }

  @Test(arguments: ["verify: none", "verify: signatures, start: "])
  func withoutAnyRecordTheAppliedCommitHolds(verification: String) throws {
    let isSigned = verification.hasSuffix(": ")
    try host.configure(isSigned ? verification + "\"\(start)\"" : verification)
    for place in places { try FileManager.default.removeItem(atPath: place) }
    try requireRewindRefused()
    try host.reset(to: second)
    #expect(try host.apply().code == 0)
  }

  @Test(arguments: [0, 1], [nil, "{"])
  func oneRecordIsEnough(place: Int, damage: String?) throws {
    let path = places[place]
    try FileManager.default.removeItem(atPath: path)
    if let damage {
      let folder = "home" + path.dropFirst(host.home.count)
      try host.scratch.write(folder, damage)
    }
    try requireRewindRefused()
    let records = try places.map { try String(contentsOfFile: $0, encoding: .utf8) }
    #expect(records[0] == records[1], "healed")
    #expect(records[0].contains(second))
  }

  @Test func damagedRecordsAreNotTakenForNone() throws {
    for place in places {
      try host.scratch.write("home" + place.dropFirst(host.home.count), "{")
    }
    try host.change("three")
    let refused = try host.apply()
    #expect(refused.code != 0)
    #expect(refused.errors.contains("is damaged"))
    #expect(try host.applied() == second)
  }
}
