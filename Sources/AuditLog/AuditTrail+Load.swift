// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc
import SodiumCrypto

/// Taking up a log.
extension AuditTrail {
  func load(_ now: Date) throws -> Session {
    let segments = try files.segments()
    guard let last = segments.last else { return try begin(now) }
    let torn = try cutTornLine(files.path(last))
    let state = try AuditTail(files).state(segments)
    // A crash left nothing of the first record.
    guard state.size > 0 else { return try begin(now) }
    let (file, length) = try AuditReader.status(files.path(last))
    var session = Session(state: state, segment: last, length: length, file: file)
    if length >= AuditFiles.segmentLimit, state.unsealedSince == nil {
      session = Session(
        state: state, segment: AuditFiles.segment(first: state.size), length: 0)
    }
    try settleKeys(state)
    try files.markBegun()
    if torn > 0 {
      let event = AuditEvent(
        .repair, by: "audit", on: last.name, .done, at: now, details: ["bytes": String(torn)])
      try append([event], &session, now)
    }
    return session
  }

  static func broken(_ what: String) -> ApplianceError {
    ApplianceError(
      .auditBroken, what,
      hint: "kafclaw audit verify; then kafclaw audit begin-anew --reason TEXT")
  }

  /// A crash between a seal and the change of keys is finished. Keys and anchor that are not those
  /// of the last seal tell of a log that was exchanged or cut.
  private func settleKeys(_ state: AuditState) throws {
    switch try SealStanding(state, files.readKeys(), files, anchor: try files.readAnchor()) {
    case .settled: return
    case .unfinished(let next): try finishSeal(next, state)
    case .broken(let why): throw Self.broken(why)
    }
  }

  private func cutTornLine(_ path: String) throws -> Int {
    let torn = try AuditReader.forEachLineFromEnd(path) { _, _ in false }
    guard torn > 0 else { return 0 }
    let end = try AuditReader.status(path).length - torn
    guard truncate(path, off_t(end)) == 0 else { throw ApplianceError.system("cut", path) }
    return torn
  }

  /// Makes a new log; the key that its first seal is checked with is pinned apart from it.
  private func begin(_ now: Date) throws -> Session {
    guard try files.readAnchor() == nil else { throw Self.gone(files) }
    if let origin = try files.readOrigin() {
      guard let kept = try files.readKeys(), kept.epoch == 0,
        kept.current.isKey(origin.publicKey), !origin.isBegun
      else { throw Self.gone(files) }
    } else {
      let keys = SealingKeys(epoch: 0, current: try .random())
      try files.write(keys)
      try files.write(
        AuditFiles.Origin(
          created: now.inWholeSeconds, publicKey: Hexadecimal.encode(keys.current.publicKey)))
    }
    var session = Session(
      state: AuditState(), segment: AuditFiles.segment(first: 0), length: 0)
    try append(
      [AuditEvent(.begin, by: "audit", on: files.folder, .done, at: now)], &session, now)
    try files.markBegun()
    return session
  }

  private static func gone(_ files: AuditFiles) -> ApplianceError {
    ApplianceError(
      .auditBroken, "the audit log is gone",
      hint: "restore \(files.folder), or kafclaw audit begin-anew --reason TEXT")
  }
}

/// How the key of the next seal and the anchor stand to the last seal of a log.
enum SealStanding {
  case settled
  /// A crash came between the seal and the change of keys.
  case unfinished(SigningKey)
  case broken(String)

  init(
    _ state: AuditState, _ keys: SealingKeys?, _ files: AuditFiles,
    anchor: @autoclosure () throws -> AuditFiles.Anchor?
  ) throws {
    let expected = try state.nextKey ?? files.readOrigin()?.publicKey
    guard let keys else {
      self = .broken("the key of the next seal is gone")
      return
    }
    if let next = keys.next, keys.epoch + 1 == state.epoch, next.isKey(expected) {
      self = .unfinished(next)
    } else if keys.epoch != state.epoch || !keys.current.isKey(expected) {
      self = .broken("the key in sealing.key is not that of the next seal")
    } else if try anchor() != state.anchor {
      self = .broken("the log's last seal is not the one in \(files.anchor)")
    } else {
      self = .settled
    }
  }
}

extension SigningKey {
  fileprivate func isKey(_ text: String?) -> Bool { Hexadecimal.encode(publicKey) == text }
}
