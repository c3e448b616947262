// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// Reads a log from its first line to its last and says what does not fit: line to line by the
/// chain, all lines by the hash tree in each seal, seal to seal by their keys, the end by what is
/// kept apart from the log, all of it by the seals that the timeline remembers.
public struct AuditVerifier {
  let files: AuditFiles
  let publicKey: [UInt8]?
  var verdict = AuditVerdict()
  var state = AuditState()
  /// Public key of the next seal; `nil` once it cannot be known.
  var key: [UInt8]?
  var isDamaged = false
  /// The anchor of this host, and whether some seal is that of it.
  var anchor: AuditFiles.Anchor?
  var isAnchorFound = false
  var isDamagedSinceSeal = false
  private let anchors: [AuditAnchor]?
  var remembered = RememberedSeals([], origin: nil)
  /// Why the log was begun in another one's place.
  var reason: String?
  var name = ""
  /// Numbers of lines to come, once one is out of place.
  private var later: Set<UInt64>?

  /// After so many findings the rest is left out.
  static let findingLimit = 20

  /// - Parameter publicKey: The key of the first seal when it is known from elsewhere; else the one
  ///   that is pinned on this host.
  /// - Parameter anchors: What the timeline remembers of seals, in that order, read before this is
  ///   called; `nil` to compare the log with nothing.
  public init(
    _ files: AuditFiles, publicKey: [UInt8]? = nil, anchors: [AuditAnchor]? = nil
  ) {
    (self.files, self.publicKey, self.anchors) = (files, publicKey, anchors)
  }

  /// - Throws: `audit.missing` when there is no log, `io.*` when it cannot be read.
  public mutating func verify() throws -> AuditVerdict {
    name = files.folder
    // `audit.origin` is there before the first line is.
    let snapshot = try AuditSnapshot(files, withKeys: publicKey == nil)
    let origin = try files.readOrigin()
    guard !snapshot.parts.isEmpty || origin != nil || anchors?.isEmpty == false else {
      throw ApplianceError(
        .auditMissing, "there is no audit log in \(files.folder)", hint: "kafclaw run begins one")
    }
    key = publicKey ?? origin.flatMap { Hexadecimal.decode($0.publicKey) }
    if key == nil {
      note(.missing, "the public key of the first seal is not on this host", at: 0)
    }
    anchor = snapshot.anchor
    remembered = RememberedSeals(anchors ?? [], origin: key.map { Hexadecimal.encode($0) })
    for part in snapshot.parts { try verify(part) }
    if state.size == 0, origin?.isBegun ?? true {
      note(.missing, "the log was begun, and none of its lines is there", at: 0)
    }
    verifyEnd(snapshot)
    if anchors != nil { verifyRemembered() }
    verdict.root = state.tree.root.hexadecimal
    return verdict
  }

  mutating func note(
    _ damage: AuditFinding.Damage, _ message: String, at number: UInt64
  ) {
    (isDamaged, isDamagedSinceSeal) = (true, true)
    guard verdict.findings.count < Self.findingLimit else { return }
    verdict.findings.append(
      AuditFinding(file: name, sequence: number, damage: damage, message: message))
  }

  // MARK: Lines

  private mutating func verify(_ part: AuditSnapshot.Part) throws {
    let segment = part.segment
    name = segment.name
    later = nil
    if segment.first > state.size {
      note(
        .missing, "lines \(state.size) to \(segment.first - 1) are in no file", at: state.size)
      resume(at: segment.first)
    } else if segment.first < state.size {
      note(.inserted, "lines \(segment.first) and on are in the file before", at: segment.first)
    }
    let path = files.path(segment)
    let torn = try AuditReader.forEachLine(path, upTo: part.length) { bytes in
      try take(bytes, path)
      return true
    }
    if torn > 0 {
      note(.malformed, "its last \(torn) bytes are no whole line", at: state.size)
    }
  }

  private mutating func take(_ bytes: UnsafeRawBufferPointer, _ path: String) throws {
    verdict.lines += 1
    guard let line = AuditLine(bytes) else {
      note(.edited, "line \(state.size) has not the form of a line", at: state.size)
      skipsChain = true
      return state.append(bytes)
    }
    if line.number != state.size { try misplaced(line, path) }
    if line.previous != state.chain {
      if !skipsChain { noteEdited() }
      // The chain goes on as it was when the lines were written, so that seals are still compared.
      state.chain = line.previous
    }
    skipsChain = false
    let seal = line.isSeal ? takeSeal(bytes, line) : nil
    state.append(bytes)
    if state.size >= remembered.nextSize { compareRemembered() }
    guard line.isSeal else {
      if state.epoch == 0, remembered.other != nil { lookForReason(bytes, line) }
      return
    }
    state.sealed(seal?.epoch ?? state.epoch, next: seal?.next, at: seal?.at)
    if state.anchor == anchor { isAnchorFound = true }
  }

  private mutating func noteEdited() {
    let place = state.size == 0 ? 0 : state.size - 1
    note(.edited, "line \(place) is not what the line after it was written after", at: place)
  }

  /// The line before is known to be another one than the chain was computed over.
  private var skipsChain = false

  /// A line with another number than its place: told by what else stands in the file.
  private mutating func misplaced(_ line: AuditLine, _ path: String) throws {
    let (expected, found) = (state.size, line.number)
    if later == nil { later = try numbers(in: path) }
    if found > expected {
      let isLater = later?.contains(expected) == true
      note(
        isLater ? .reordered : .removed,
        isLater
          ? "line \(found) stands before line \(expected)"
          : "lines \(expected) to \(found - 1) are gone", at: expected)
    } else {
      note(
        .inserted,
        "after line \(expected == 0 ? 0 : expected - 1) stands a line with the number "
          + "\(found)", at: expected)
    }
    resume(at: found)
    skipsChain = true
  }

  /// Numbers of all lines of a file.
  private func numbers(in path: String) throws -> Set<UInt64> {
    var numbers: Set<UInt64> = []
    try AuditReader.forEachLine(path) { bytes in
      if let line = AuditLine(bytes) { numbers.insert(line.number) }
      return true
    }
    return numbers
  }

  /// Goes on at a number after a gap; the tree is not known from there on until a seal fits again.
  private mutating func resume(at number: UInt64) {
    let (epoch, sealed, chain) = (state.epoch, state.sealed, state.chain)
    state = AuditState()
    state.tree = HashTree(unknownOf: number)
    (state.epoch, state.sealed, state.chain) = (epoch, min(sealed, number), chain)
  }

  // MARK: Seals

  private mutating func takeSeal(
    _ bytes: UnsafeRawBufferPointer, _ line: AuditLine
  ) -> AuditSeal? {
    verdict.seals += 1
    guard let seal = AuditSeal(bytes, line.body) else {
      note(.malformed, "line \(line.number) is no seal that can be read", at: line.number)
      key = nil
      return nil
    }
    if let key, !seal.isSigned(by: key) {
      note(
        .forged, "the seal in line \(line.number) is not by the key of seal \(seal.epoch)",
        at: line.number)
    } else if seal.epoch != state.epoch, !isDamaged {
      note(
        .removed, "seal \(state.epoch) is gone: line \(line.number) is seal \(seal.epoch)",
        at: line.number)
    } else if !seal.isOf(state), !isDamagedSinceSeal {
      note(
        .rewritten,
        "lines \(state.sealed) to \(line.number == 0 ? 0 : line.number - 1) are not those that "
          + "were sealed", at: state.sealed)
    }
    if let sealed = seal.state, sealed.size == state.size {
      // From here on the log is read as it was sealed.
      (state.tree, state.chain) = (sealed.tree, sealed.chain)
    }
    isDamagedSinceSeal = false
    key = Hexadecimal.decode(seal.next)
    return seal
  }
}
