// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc
import TestSupport

@testable import AuditLog

/// A log in a folder of its own, and ways to tamper with it.
final class LogBench: Sendable {
  private let scratch: Scratch
  let files: AuditFiles
  let trail: AuditTrail
  static let start = Date(timeIntervalSince1970: 1_800_000_000)

  init() throws {
    scratch = try Scratch("audit")
    files = AuditFiles(AppliancePaths.user(home: scratch.path))
    trail = AuditTrail(files)
  }

  var home: String { scratch.path }

  func event(_ number: Int) -> AuditEvent {
    AuditEvent(
      .toolCall, by: "sender:web/alice", on: "tool/exec", .done,
      at: Self.start.addingTimeInterval(Double(number)), details: ["number": String(number)])
  }

  /// Appends so many records, with a seal after each of `sealEvery`.
  func fill(_ count: Int, sealEvery: Int? = nil) throws {
    for number in 0..<count {
      let now = Self.start.addingTimeInterval(Double(number))
      try trail.record([event(number)], at: now)
      if let sealEvery, (number + 1).isMultiple(of: sealEvery) { try trail.seal(at: now) }
    }
  }

  func verdict() throws -> AuditVerdict {
    var verifier = AuditVerifier(files)
    return try verifier.verify()
  }

  var paths: [String] { get throws { try files.segments().map { files.path($0) } } }

  func lines(_ file: Int = 0) throws -> [String] {
    try String(contentsOfFile: paths[file], encoding: .utf8).split(separator: "\n").map(String.init)
  }

  func write(_ lines: [String], _ file: Int = 0) throws {
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: paths[file]))
  }

  func change(_ body: (inout [String]) -> Void) throws {
    var lines = try lines()
    body(&lines)
    try write(lines)
  }

  /// Computes numbers and chain anew, as somebody with the source code could; seals stay as they are.
  func rechain() throws {
    var state = AuditState()
    var new: [String] = []
    for text in try lines() {
      let bytes = Array(text.utf8)
      guard let line = bytes.withUnsafeBytes({ AuditLine($0) }) else { continue }
      let body = Array(bytes[line.body])
      let made =
        line.isSeal
        ? AuditLine.bytes(state.size, after: state.chain, seal: body)
        : AuditLine.bytes(state.size, after: state.chain, record: body)
      made.withUnsafeBytes { state.append($0) }
      new.append(String(decoding: made, as: UTF8.self))
    }
    try write(new)
  }
}
