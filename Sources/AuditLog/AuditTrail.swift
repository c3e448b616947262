// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
import Glibc
import SodiumCrypto
import Synchronization

/// Appends to the audit log. Whoever wants something to be known calls ``record(_:at:)`` before it
/// happens, and does not go on when that throws.
///
/// Any process of the appliance may write: each holds the lock for one batch, and looks whether
/// another one wrote meanwhile.
public final class AuditTrail: Sendable {
  public let files: AuditFiles
  private let session = Mutex<Session?>(nil)

  /// Lines after which a seal is due.
  static let sealLines: UInt64 = 1_000
  /// Time after which a seal is due once there is something to seal. Seconds.
  static let sealSeconds: TimeInterval = 300

  /// What this process knows of the log's end.
  private struct Session {
    var state: AuditState
    var segment: AuditFiles.Segment
    /// Bytes of the segment.
    var length: Int
  }

  public init(_ files: AuditFiles) { self.files = files }

  /// Appends the events, flushes them, and seals the log when that is due.
  ///
  /// - Throws: `audit.unwritten`; nothing of the events is in the log then.
  public func record(_ events: [AuditEvent], at now: Date) throws {
    guard !events.isEmpty else { return }
    try locked(now) { session in
      try append(events, &session, now)
      if isSealDue(session.state, now) { try seal(&session, now) }
    }
  }

  /// Seals what is not sealed yet.
  ///
  /// - Parameter onlyIfDue: Not before a thousand lines or five minutes.
  public func seal(at now: Date, onlyIfDue: Bool = false) throws {
    guard try !files.segments().isEmpty else { return }
    try locked(now) { session in
      let isDue = onlyIfDue ? isSealDue(session.state, now) : session.state.unsealedSince != nil
      if isDue { try seal(&session, now) }
    }
  }

  private func isSealDue(_ state: AuditState, _ now: Date) -> Bool {
    guard let since = state.unsealedSince else { return false }
    return state.size - state.sealed >= Self.sealLines
      || now.timeIntervalSince(since) >= Self.sealSeconds
  }

  /// The log is another one from now on.
  func forget() { session.withLock { $0 = nil } }

  // MARK: One batch

  private func locked(_ now: Date, _ body: (inout Session) throws -> Void) throws {
    try session.withLock { kept in
      do {
        try PrivateFolder.create(files.folder)
        let lock = try FileLock(acquiring: files.lock, purpose: "audit", patience: 30)
        var current = try isCurrent(kept) ? kept ?? load(now) : load(now)
        kept = nil
        try body(&current)
        kept = current
        _ = consume lock
      } catch let error as ApplianceError {
        throw ApplianceError(
          error.code == .auditBroken ? .auditBroken : .auditUnwritten,
          "the audit log cannot be written: \(error.message)",
          hint: error.hint ?? "kafclaw audit verify; what is not recorded is not done")
      }
    }
  }

  /// Whether nobody wrote since this process did.
  private func isCurrent(_ session: Session?) throws -> Bool {
    guard let session else { return false }
    var status = stat()
    guard stat(files.path(session.segment), &status) == 0,
      Int(status.st_size) == session.length
    else { return false }
    return try files.segments().last == session.segment
  }

  private func append(
    _ events: [AuditEvent], _ session: inout Session, _ now: Date
  ) throws {
    var state = session.state
    var bytes: [UInt8] = []
    for event in events {
      let record = try ApplianceJSON.encode(event)
      let line = AuditLine.bytes(state.size, after: state.chain, record: record)
      guard line.count < AuditFiles.lineLimit else {
        throw ApplianceError(.auditUnwritten, "the record of \(event.kind.rawValue) is too long")
      }
      line.withUnsafeBytes { state.append($0) }
      bytes += line + [UInt8(ascii: "\n")]
    }
    state.unsealedSince = state.unsealedSince ?? now
    try DurableFile.append(bytes, to: files.path(session.segment))
    (session.state, session.length) = (state, session.length + bytes.count)
  }

  // MARK: Sealing

  /// The next key is on disk before the seal names it; the present one is gone after it.
  private func seal(_ session: inout Session, _ now: Date) throws {
    guard let keys = try files.readKeys(), keys.epoch == session.state.epoch else {
      throw ApplianceError(
        .auditBroken, "the key of the next seal is gone",
        hint: "kafclaw audit verify; then kafclaw audit begin-anew --reason TEXT")
    }
    let next = try keys.next ?? .random()
    try files.write(SealingKeys(epoch: keys.epoch, current: keys.current, next: next))
    let seal = AuditSeal(session.state, next: next.publicKey, at: now).signed(by: keys.current)
    var state = session.state
    let line = AuditLine.bytes(
      state.size, after: state.chain, seal: try ApplianceJSON.encode(seal))
    line.withUnsafeBytes { state.append($0) }
    try DurableFile.append(line + [UInt8(ascii: "\n")], to: files.path(session.segment))
    state.epoch += 1
    (state.sealed, state.unsealedSince) = (state.size, nil)
    session.length += line.count + 1
    session.state = state
    try finishSeal(next, state)
    if session.length >= AuditFiles.segmentLimit {
      session.segment = AuditFiles.segment(first: state.size)
      session.length = 0
    }
  }

  private func finishSeal(_ next: SigningKey, _ state: AuditState) throws {
    try files.write(SealingKeys(epoch: state.epoch, current: next))
    try files.write(
      AuditFiles.Anchor(
        size: state.size, epoch: state.epoch, chain: state.chain.hexadecimal,
        root: state.tree.root.hexadecimal))
  }

  // MARK: Taking up a log

  private func load(_ now: Date) throws -> Session {
    let segments = try files.segments()
    guard let last = segments.last else { return try begin(now) }
    let torn = try cutTornLine(files.path(last))
    let state = try AuditTail(files).state(segments)
    var session = Session(state: state, segment: last, length: try length(last))
    if session.length >= AuditFiles.segmentLimit, state.unsealedSince == nil {
      (session.segment, session.length) = (AuditFiles.segment(first: state.size), 0)
    }
    try settleKeys(&session)
    if torn > 0 {
      let event = AuditEvent(
        .repair, by: "audit", on: last.name, .done, at: now, details: ["bytes": String(torn)])
      try append([event], &session, now)
    }
    return session
  }

  private func length(_ segment: AuditFiles.Segment) throws -> Int {
    var status = stat()
    guard stat(files.path(segment), &status) == 0 else {
      throw ApplianceError.system("examine", files.path(segment))
    }
    return Int(status.st_size)
  }

  /// A crash between a seal and the change of keys is finished.
  private func settleKeys(_ session: inout Session) throws {
    guard let keys = try files.readKeys() else {
      throw ApplianceError(
        .auditBroken, "the key of the next seal is gone",
        hint: "kafclaw audit verify; then kafclaw audit begin-anew --reason TEXT")
    }
    if keys.epoch + 1 == session.state.epoch, let next = keys.next {
      try finishSeal(next, session.state)
    }
  }

  private func cutTornLine(_ path: String) throws -> Int {
    var end = 0
    let torn = try AuditReader.forEachLine(path) { line in
      end += line.count + 1
      return true
    }
    guard torn > 0 else { return 0 }
    guard truncate(path, off_t(end)) == 0 else { throw ApplianceError.system("cut", path) }
    return torn
  }

  /// Makes a new log; the key that its first seal is checked with is pinned apart from it.
  private func begin(_ now: Date) throws -> Session {
    let keys: SealingKeys
    if let origin = try files.readOrigin() {
      guard let kept = try files.readKeys(), kept.epoch == 0,
        Hexadecimal.encode(kept.current.publicKey) == origin.publicKey
      else {
        throw ApplianceError(
          .auditBroken, "the audit log is gone",
          hint: "restore \(files.folder), or kafclaw audit begin-anew --reason TEXT")
      }
      keys = kept
    } else {
      keys = SealingKeys(epoch: 0, current: try .random())
      try files.write(keys)
      try files.write(
        AuditFiles.Origin(
          created: now.inWholeSeconds, publicKey: Hexadecimal.encode(keys.current.publicKey)))
    }
    var session = Session(
      state: AuditState(), segment: AuditFiles.segment(first: 0), length: 0)
    try append(
      [AuditEvent(.begin, by: "audit", on: files.folder, .done, at: now)], &session, now)
    return session
  }
}
