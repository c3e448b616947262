// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Backup

/// Connections break, stores fail, and answers get lost: nobody is told something that is not so.
@Suite(.enabled(if: MotoServer.isInstalled), .timeLimit(.minutes(5)))
struct S3FaultTests {
  private let bench: S3Bench
  private let proxy: FaultyStore
  /// To the store itself.
  private let direct: S3Storage

  init() throws {
    bench = try S3Bench()
    proxy = try FaultyStore(before: bench.port)
    direct = try bench.storage()
  }

  private static var impatient: S3Limits {
    var limits = S3Limits()
    limits.silence = .seconds(1)
    return limits
  }

  private func storage(_ limits: S3Limits = impatient) throws -> S3Storage {
    try bench.storage(port: proxy.port, limits: limits)
  }

  private static let passing = [
    "drop-before", "drop-after", "late", "end-before", "500-before", "500-after", "503",
    "hang-before", "hang-after", "garbage", "409", "early",
  ]

  @Test("one failure of any kind is got over", arguments: passing)
  func oneFailure(_ fault: String) throws {
    let storage = try storage()
    let bytes = [UInt8](repeating: 5, count: 3_000_000)
    try proxy.plan(["PUT " + fault])
    try storage.add("packs/ab/x", bytes)
    #expect(try direct.read("packs/ab/x", limit: bytes.count) == bytes)
    // Somebody else's object is not taken for its own.
    for other: [UInt8] in [[UInt8](repeating: 6, count: 3_000_000), [], bytes + [5]] {
      try proxy.plan(["PUT " + fault])
      #expect(failure { try storage.add("packs/ab/x", other) }?.code == .backupExists)
    }
    #expect(try direct.read("packs/ab/x", limit: bytes.count) == bytes)
  }

  @Test("one failure of any kind does not hide what is there", arguments: passing)
  func oneFailureOfReading(_ fault: String) throws {
    // A conflict is no answer to reading.
    guard fault != "409" else { return }
    try direct.add("packs/ab/x", [1, 2, 3])
    let storage = try storage()
    try proxy.plan(["GET " + fault])
    #expect(try storage.read("packs/ab/x", limit: 3) == [1, 2, 3])
    try proxy.plan(["GET " + fault])
    #expect(try storage.read("packs/ab/x", 1..<3) == [2, 3])
    try proxy.plan(["GET " + fault])
    #expect(try storage.files(in: "packs").map(\.name) == ["packs/ab/x"])
    try proxy.plan(["HEAD " + fault])
    #expect(try storage.file("packs/ab/x")?.size == 3)
    try proxy.plan(["HEAD " + fault, "GET " + fault])
    #expect(try storage.file("packs/ab/y") == nil)
    try proxy.plan(["DELETE " + fault])
    try storage.remove("packs/ab/x")
    #expect(try direct.file("packs/ab/x") == nil)
  }

  @Test("failures that do not end are told, after five tries", arguments: passing)
  func manyFailures(_ fault: String) throws {
    let storage = try storage()
    try proxy.plan([String](repeating: "* " + fault, count: 5))
    #expect(failure { try storage.add("packs/ab/x", [1]) }?.code == .backupStorage)
    // Whether it is there nobody knows, but what is there is that.
    #expect(try direct.file("packs/ab/x") == nil || direct.read("packs/ab/x", limit: 9) == [1])
    // A connection that the store left early may be gone before the next request is there.
    let count = try proxy.requests.count
    #expect(fault == "early" ? count <= 5 : count == 5)
    try storage.add("packs/ab/y", [2])
  }

  @Test("own bytes of a try that was lost, and cannot be compared, are not said to be others'")
  func incomparable() throws {
    try proxy.plan(["PUT drop-after", "PUT pass", "GET 403"])
    #expect(failure { try storage().add("packs/ab/x", [1]) }?.code == .backupStorage)
    try proxy.plan(["PUT drop-after", "PUT pass", "GET 404"])
    #expect(failure { try storage().add("packs/ab/y", [1]) }?.code == .backupStorage)
    try proxy.plan(["PUT drop-after", "PUT pass", "GET drop-before", "PUT pass", "GET cut"])
    try storage().add("packs/ab/z", [1, 2, 3])
  }

  @Test("an answer that is cut is asked for again", arguments: ["cut", "unannounced"])
  func cut(_ fault: String) throws {
    let bytes = [UInt8](repeating: 9, count: 100_000)
    try direct.add("packs/ab/x", bytes)
    let storage = try storage()
    try proxy.plan(["GET " + fault])
    #expect(try storage.read("packs/ab/x", limit: bytes.count) == bytes)
    try proxy.plan(["GET " + fault])
    #expect(try storage.read("packs/ab/x", 10..<90_000).count == 89_990)
    try proxy.plan(["GET " + fault])
    #expect(try storage.files(in: "packs").count == 1)
    try proxy.plan([String](repeating: "GET " + fault, count: 5))
    let code = failure { _ = try storage.read("packs/ab/x", limit: bytes.count) }?.code
    #expect(code == .backupStorage)
  }

  @Test("an answer without an end costs no more than the limit")
  func endless() throws {
    let storage = try storage()
    try proxy.plan(["GET endless"])
    #expect(failure { _ = try storage.read("config", limit: 1 << 20) }?.code == .fileTooLarge)
    try proxy.plan(["GET long-error"])
    let error = failure { _ = try storage.read("config", limit: 10) }
    #expect(error?.code == .backupStorage)
    // The text of an error that is longer than anybody reads is none.
    #expect(error?.message.contains("403") == true)
    try proxy.plan(["GET endless"])
    #expect(failure { _ = try storage.files(in: "packs") }?.code == .backupStorage)
  }

  @Test("an object is stored when the store says so of the same bytes")
  func otherAnswers() throws {
    let storage = try storage()
    try proxy.plan(["PUT other-object"])
    try storage.add("packs/ab/x", [1, 2, 3])
    #expect(try direct.read("packs/ab/x", limit: 3) == [1, 2, 3])
    #expect(try proxy.requests.count == 2)
    // Answers to nothing end no process.
    for _ in 0..<20 {
      try proxy.plan(["* double", "* pass", "* double"])
      for call in [
        { _ = try storage.file("packs/ab/x") }, { _ = try storage.files(in: "packs") },
        { _ = try storage.read("packs/ab/x", limit: 3) }, { try storage.remove("packs/ab/y") },
      ] as [() throws -> Void] { _ = failure(call) }
    }
  }

  @Test("what stands before the store, and refuses, proves no absence")
  func refusals() throws {
    try direct.add("config", [1])
    let storage = try storage()
    for fault in ["403", "404", "301"] {
      try proxy.plan(["GET " + fault])
      let error = failure { _ = try storage.read("config", limit: 1) }
      #expect(error?.code == .backupStorage, "\(fault)")
      #expect(error?.hint != nil)
      try proxy.plan(["HEAD 404", "GET " + fault])
      #expect(failure { _ = try storage.file("config") }?.code == .backupStorage, "\(fault)")
      try proxy.plan(["DELETE " + fault])
      #expect(failure { try storage.remove("config") }?.code == .backupStorage, "\(fault)")
      try proxy.plan(["PUT " + fault])
      #expect(failure { try storage.add("x", [1]) }?.code == .backupStorage, "\(fault)")
    }
    try proxy.plan(["HEAD 404"])
    #expect(failure { _ = try storage.file("config") }?.code == nil)
    try proxy.plan(["GET 301"])
    let error = failure { _ = try storage.read("config", limit: 1) }
    #expect(error?.hint?.contains("eu-north-1") == true)
    // Each was asked once: another try would not help, and a redirect is not followed.
    #expect(try proxy.requests.filter { $0.hasSuffix(" 301") }.count == 5)
    #expect(try direct.read("config", limit: 1) == [1])
  }

  @Test("a store without ranges is refused instead of read as a whole")
  func wholeAnswers() throws {
    try direct.add("packs/ab/x", [UInt8](repeating: 1, count: 100))
    try proxy.plan(["GET whole"])
    let error = failure { _ = try storage().read("packs/ab/x", 3..<5) }
    #expect(error?.code == .backupStorage)
  }

  @Test("a call ends at its deadline")
  func deadline() throws {
    var limits = S3Limits()
    limits.deadline = .seconds(1)
    let storage = try storage(limits)
    try proxy.plan([String](repeating: "* hang-before", count: 5))
    let start = ContinuousClock.now
    #expect(failure { try storage.add("config", [1]) }?.code == .backupStorage)
    // Five requests that are never answered would take five times the 30 s of silence.
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test("of many writers of one name one is told that it succeeded")
  func writers() async throws {
    for round in 0..<10 {
      let name = "heads/\(round)"
      let winners = await withTaskGroup(of: UInt8?.self) { group in
        for writer in UInt8(1)...4 {
          group.addTask { [bench, proxy] in
            let error = failure {
              try bench.storage(port: proxy.port).add(name, [writer])
            }
            #expect(error == nil || error?.code == .backupExists)
            return error == nil ? writer : nil
          }
        }
        return await group.reduce(into: [UInt8]()) { winners, writer in
          if let writer { winners.append(writer) }
        }
      }
      #expect(winners.count == 1)
      #expect(try direct.read(name, limit: 9) == winners)
    }
  }

  @Test("over a way on which half of all answers are lost, nobody is told a lie")
  func randomFailures() throws {
    let seed = SplitMix64.seed(of: "S3 faults")
    var random = SplitMix64(seed: seed)
    let faults = Self.passing.filter { !$0.hasPrefix("hang") }
    let (one, other) = (try storage(), try storage())
    var (told, unknown) = (0, 0)
    for round in 0..<60 {
      let name = "heads/\(round)"
      var winners: [[UInt8]] = []
      for (writer, storage) in [one, other].enumerated() {
        let bytes = [UInt8(writer)] + .random(Int.random(in: 0...2_000, using: &random), &random)
        try proxy.plan(
          (0..<Int.random(in: 0...6, using: &random)).map { _ in
            "* " + faults[Int.random(in: 0..<faults.count, using: &random)]
          })
        let place = "seed \(seed), round \(round), writer \(writer)"
        switch failure({ try storage.add(name, bytes) })?.code {
        case nil:
          winners.append(bytes)
          #expect(try direct.read(name, limit: bytes.count) == bytes, "\(place)")
        case .some(.backupExists):
          #expect(try direct.read(name, limit: 9_999) != bytes, "\(place)")
        case .some(.backupStorage): unknown += 1
        case .some(let code): Issue.record("\(place): \(code.rawValue)")
        }
      }
      // What comes late is there before the next round.
      try proxy.plan([])
      _ = try one.file(name)
      #expect(winners.count <= 1, "seed \(seed), round \(round)")
      if let winner = winners.first {
        told += 1
        #expect(try direct.read(name, limit: 9_999) == winner, "seed \(seed), round \(round)")
      }
    }
    // Both kinds of end were seen.
    #expect(told > 10 && unknown > 0, "seed \(seed): \(told), \(unknown)")
  }
}
