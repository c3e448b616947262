// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
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
  struct Session {
    var state: AuditState
    var segment: AuditFiles.Segment
    /// Bytes of the segment.
    var length: Int
    /// Its file; `nil` before it is known.
    var file: ino_t?
  }

  public init(_ files: AuditFiles) { self.files = files }

  /// Appends the events, flushes them, and seals the log when that is due.
  ///
  /// - Throws: `audit.unwritten`; nothing of the events is in the log then.
  public func record(_ events: [AuditEvent], at now: Date) throws {
    guard !events.isEmpty else { return }
    try locked(now) { session in
      if isSealDue(session.state, now) { try seal(&session, now) }
      try append(events, &session, now)
      guard isSealDue(session.state, now) else { return }
      do { try seal(&session, now) } catch {
        // The events are in the log. The next ones are not, before this seal is.
        session.file = nil
      }
    }
  }

  /// Seals what is not sealed yet.
  ///
  /// - Parameter onlyIfDue: Not before a thousand lines or five minutes.
  /// - Returns: Where the log stood after its last seal; `nil` where there is none.
  @discardableResult
  public func seal(at now: Date, onlyIfDue: Bool = false) throws -> AuditAnchor? {
    guard try !files.segments().isEmpty else { return nil }
    return try locked(now) { session in
      let isDue = onlyIfDue ? isSealDue(session.state, now) : session.state.unsealedSince != nil
      if isDue { try seal(&session, now) }
      return try session.state.lastSeal(of: files.readOrigin())
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

  func locked<Value>(
    _ now: Date, _ body: (inout Session) throws -> Value
  ) throws -> Value {
    try session.withLock { kept in
      do {
        let lock = try acquire()
        var current = try isCurrent(kept) ? kept ?? load(now) : load(now)
        kept = nil
        let value = try body(&current)
        kept = current
        _ = consume lock
        return value
      } catch let error as ApplianceError {
        throw ApplianceError(
          error.code == .auditBroken ? .auditBroken : .auditUnwritten,
          "the audit log cannot be written: \(error.message)",
          hint: error.hint ?? "kafclaw audit verify; what is not recorded is not done")
      }
    }
  }

  /// Waits for the others. The lock of a log that was put aside meanwhile is none.
  func acquire() throws -> FileLock {
    while true {
      try PrivateFolder.create(files.folder)
      // `try?`: a lock that is not there yet is made, and looked at again.
      let before = try? AuditReader.status(files.lock).file
      let lock = try FileLock(acquiring: files.lock, purpose: "audit", patience: 30)
      // `try?`: as above.
      let after = try? AuditReader.status(files.lock).file
      if before != nil, before == after { return lock }
    }
  }

  /// Whether nobody wrote since this process did.
  private func isCurrent(_ session: Session?) throws -> Bool {
    guard let session, let file = session.file,
      try files.segments().last == session.segment
    else { return false }
    return try AuditReader.status(files.path(session.segment)) == (file, session.length)
  }

  func append(
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
    try write(bytes, &session)
    session.state = state
  }

  /// All of the bytes are on disk after this, or none are in the log.
  private func write(_ bytes: [UInt8], _ session: inout Session) throws {
    let path = files.path(session.segment)
    if session.length == 0 {
      // The folder names a new file for good before anybody relies on its lines.
      try DurableFile.replace(path, with: [])
      session.file = nil
    }
    do { try DurableFile.append(bytes, to: path) } catch {
      truncate(path, off_t(session.length))
      throw error
    }
    session.length += bytes.count
  }

  // MARK: Sealing

  /// The next key is on disk before the seal names it; the present one is gone after it.
  func seal(_ session: inout Session, _ now: Date) throws {
    guard let keys = try files.readKeys(), keys.epoch == session.state.epoch else {
      throw Self.broken("the key of the next seal is gone")
    }
    let next = try keys.next ?? .random()
    try files.write(SealingKeys(epoch: keys.epoch, current: keys.current, next: next))
    let seal = AuditSeal(session.state, next: next.publicKey, at: now).signed(by: keys.current)
    var state = session.state
    let line = AuditLine.bytes(
      state.size, after: state.chain, seal: try ApplianceJSON.encode(seal))
    line.withUnsafeBytes { state.append($0) }
    state.sealed(keys.epoch, next: seal.next, at: seal.at)
    try write(line + [UInt8(ascii: "\n")], &session)
    session.state = state
    try finishSeal(next, state)
    if session.length >= AuditFiles.segmentLimit {
      session.segment = AuditFiles.segment(first: state.size)
      (session.length, session.file) = (0, nil)
    }
  }

  /// The present key is the last to go: as long as it is there, the rest is done again.
  func finishSeal(_ next: SigningKey, _ state: AuditState) throws {
    if let anchor = state.anchor { try files.write(anchor) }
    try files.write(SealingKeys(epoch: state.epoch, current: next))
  }
}

extension AuditState {
  /// The last seal, of the log with this origin.
  func lastSeal(of origin: AuditFiles.Origin?) -> AuditAnchor? {
    guard let origin, let anchor, let sealedAt else { return nil }
    return AuditAnchor(
      origin: origin.publicKey, size: anchor.size, epoch: anchor.epoch, chain: anchor.chain,
      root: anchor.root, at: sealedAt)
  }
}
