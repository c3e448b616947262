// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DurableIO
import FoundationEssentials
import Glibc
import SodiumCrypto

/// The files of one audit log.
public struct AuditFiles: Sendable {
  /// Folder of the segments.
  public let folder: String
  let origin: String
  let anchor: String

  /// The appliance's own log.
  public init(_ paths: AppliancePaths) {
    (folder, origin, anchor) = (paths.audit, paths.auditOrigin, paths.auditAnchor)
  }

  public init(folder: String, origin: String, anchor: String) {
    (self.folder, self.origin, self.anchor) = (folder, origin, anchor)
  }

  var lock: String { folder + "/lock" }
  var key: String { folder + "/sealing.key" }

  /// A segment is ended by the next seal once it has so many bytes.
  static let segmentLimit = 16 << 20
  /// The longest line. Bytes.
  static let lineLimit = 64 << 10
  /// No log has so many lines or seals: numbers beyond were not written by it.
  static let numberLimit: UInt64 = 1 << 62

  /// A file of the log: named by the number of its first line.
  struct Segment: Sendable, Equatable {
    let first: UInt64
    let name: String
  }

  func path(_ segment: Segment) -> String { "\(folder)/\(segment.name)" }

  static func segment(first: UInt64) -> Segment {
    let digits = String(first)
    return Segment(
      first: first,
      name: String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".jsonl")
  }

  /// - Throws: Why the log cannot be listed or written.
  public func requireWritable() throws {
    _ = try segments()
    guard access(folder, W_OK) == 0 else { throw ApplianceError.system("write to", folder) }
  }

  /// In order. Other files in the folder are none.
  func segments() throws -> [Segment] {
    try PrivateFolder.names(in: folder).compactMap { name in
      guard name.hasSuffix(".jsonl"), name.utf8.count == 26,
        let first = UInt64(name.dropLast(6)), first < Self.numberLimit,
        Self.segment(first: first).name == name
      else { return nil }
      return Segment(first: first, name: name)
    }.sorted { $0.first < $1.first }
  }

  /// Whether there is a log, or was one.
  public var isBegun: Bool { get throws { try readOrigin() != nil } }

  /// What is pinned apart from the log.
  struct Origin: Codable, Sendable, Equatable {
    var formatVersion = 1
    let created: Date
    /// Public key of the first seal.
    let publicKey: String
    /// Whether the log's first line is on disk: without a line it is gone from then on.
    var isBegun = false
  }

  /// Where the log stood when it was sealed last.
  struct Anchor: Codable, Sendable, Equatable {
    var formatVersion = 1
    let size: UInt64
    let epoch: UInt64
    let chain: String
    let root: String
  }

  func readOrigin() throws -> Origin? { try read(Origin.self, origin) }

  func readAnchor() throws -> Anchor? { try read(Anchor.self, anchor) }

  func write(_ origin: Origin) throws { try write(origin, self.origin) }

  func write(_ anchor: Anchor) throws { try write(anchor, self.anchor) }

  /// Notes that the log has its first line.
  func markBegun() throws {
    guard var origin = try readOrigin(), !origin.isBegun else { return }
    origin.isBegun = true
    try write(origin)
  }

  func forgetOrigin() throws {
    try DurableFile.removeIfPresent(anchor)
    try DurableFile.removeIfPresent(origin)
  }

  func readKeys() throws -> SealingKeys? {
    guard let bytes = try DurableFile.readIfPresent(key, limit: SealingKeys.sizeLimit) else {
      return nil
    }
    do { return try SealingKeys(SecretValue(copying: bytes)) } catch {
      throw ApplianceError(
        .auditBroken, "\"\(key)\" is damaged",
        hint: "kafclaw audit begin-anew --reason TEXT")
    }
  }

  func write(_ keys: SealingKeys) throws {
    try DurableFile.replaceSecret(key, with: keys.encoded())
  }

  private func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
    guard let bytes = try DurableFile.readIfPresent(path, limit: 64 << 10) else { return nil }
    do {
      return try ApplianceJSON.decode(type, from: bytes)
    } catch {
      throw ApplianceError(
        .auditBroken, "\"\(path)\" is damaged", hint: "restore it from a backup")
    }
  }

  private func write(_ value: some Encodable, _ path: String) throws {
    try PrivateFolder.create(DurableFile.parentFolder(of: path))
    try DurableFile.replace(path, with: try ApplianceJSON.encode(value))
  }
}
