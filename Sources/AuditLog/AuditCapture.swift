// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DurableIO
public import FoundationEssentials

/// What a log is at one moment, so that a copy of it fits together although lines are added to the
/// log meanwhile.
public struct AuditCapture: Sendable {
  /// A file of lines, of which so much was there.
  public struct Segment: Sendable, Equatable {
    public let path: String
    /// Bytes.
    public let length: Int
  }

  /// A file that is replaced as a whole.
  public struct Whole: Sendable {
    public let path: String
    public let bytes: [UInt8]
  }

  /// Where the log stood after its last seal.
  public let anchor: AuditAnchor?
  public let segments: [Segment]
  public let wholes: [Whole]
}

extension AuditTrail {
  /// Seals what is not sealed yet, and tells of everything that was there then.
  ///
  /// - Returns: `nil` where there is no log.
  /// - Throws: `audit.unwritten`, `audit.broken`.
  public func capture(at now: Date) throws -> AuditCapture? {
    guard try !files.segments().isEmpty else { return nil }
    return try locked(now) { session in
      if session.state.unsealedSince != nil { try seal(&session, now) }
      let segments = try files.segments().map { segment in
        let path = files.path(segment)
        return AuditCapture.Segment(path: path, length: try AuditReader.status(path).length)
      }
      let wholes = try [files.key, files.origin, files.anchor].compactMap { path in
        try DurableFile.readIfPresent(path, limit: 1 << 20).map {
          AuditCapture.Whole(path: path, bytes: $0)
        }
      }
      return AuditCapture(
        anchor: try session.state.lastSeal(of: files.readOrigin()), segments: segments,
        wholes: wholes)
    }
  }
}
