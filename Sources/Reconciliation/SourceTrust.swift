// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DurableIO
public import FoundationEssentials
import GitSource

extension ApplianceError.Code {
  /// What this host remembers of the source cannot be read, or is gone.
  public static let trustDamaged = Self("trust.damaged")
  /// No starting commit was confirmed on this host.
  public static let startRequired = Self("trust.start-required")
}

/// What this host remembers of the desired-state repository, so that nobody can rewind it.
public struct SourceTrust: Sendable, Codable, Equatable {
  public var formatVersion = 1
  /// The newest commit that was accepted; every later one must descend from it.
  public var accepted: String
  /// The newest commit that was applied with success: those before it need no second look.
  public var floor: String?
  /// When this host received each accepted commit since the floor. The commit's own date is the
  /// author's to choose.
  public var received: [String: Date]
  /// Commits accepted on this host; of two copies, the one that counted further is newer.
  public var count: Int
  /// Emergency statements that were used, by digest: each works once.
  public var statements: [Digest]
  /// Commits that were accepted once and given up by a rewind. They are signed and stay on servers,
  /// so neither they nor what led to them is accepted again.
  public var abandoned: [String]
  /// Under which circumstances the floor was judged; others need a new confirmed start.
  public var context: SourceContext?

  public init(
    accepted: String, floor: String? = nil, received: [String: Date] = [:],
    context: SourceContext? = nil
  ) {
    (self.accepted, self.floor, self.received) = (accepted, floor, received)
    (count, statements, abandoned) = (1, [], [])
    self.context = context
  }

  /// Takes over verified commits, newest first.
  mutating func accept(
    _ commits: [String], tip: String, at now: Date, in context: SourceContext? = nil
  ) {
    if let context, context != self.context {
      (self.context, floor) = (context, nil)
      count += 1
    }
    guard tip != accepted else { return }
    for commit in commits + [tip] where received[commit] == nil { received[commit] = now }
    accepted = tip
    count += 1
  }

  /// Notes that the commit was applied; commits before it are settled.
  mutating func settle(_ commit: String, later: [String]) {
    guard floor != commit else { return }
    floor = commit
    received = received.filter { later.contains($0.key) || $0.key == commit }
    count += 1
  }
}

/// What decides how commits are judged, beside the signers.
public struct SourceContext: Sendable, Codable, Equatable {
  public let branch: String
  /// The desired-state folder: changes outside of it were never looked at.
  public let folder: String
  /// Whether signatures were demanded.
  public let verified: Bool

  public init(branch: String, folder: String, verified: Bool) {
    (self.branch, self.folder, self.verified) = (branch, folder, verified)
  }
}

/// The record in its two places, of which one outlives the loss of the state home.
public struct SourceTrustFiles: Sendable {
  private let first: String
  private let second: String
  private let paths: AppliancePaths

  public init(_ paths: AppliancePaths) {
    first = paths.sourceTrust
    second = paths.sourceTrustCopy
    self.paths = paths
  }

  /// What is remembered; `nil` on a host that never accepted a commit.
  ///
  /// - Throws: `trust.damaged` when a copy exists and none is intact: forgetting would reopen what
  ///   was closed.
  public func read() throws -> SourceTrust? {
    if let stored = try newestCopy() { return stored }
    // A host that has applied a commit accepted it, whatever became of the records.
    let applied = try BundleStore(paths).current()?.revision?.commit
    return applied.map { SourceTrust(accepted: $0) }
  }

  private func newestCopy() throws -> SourceTrust? {
    let copies = [first, second].map { path in Result { try read(path) } }
    let intact = copies.compactMap { copy in
      // `try?`: a damaged copy is replaced by the intact one; without one the error is thrown below.
      (try? copy.get()) ?? nil
    }
    if let newest = intact.max(by: { $0.count < $1.count }) { return newest }
    for copy in copies { _ = try copy.get() }
    return nil
  }

  /// Writes both places, the one outside of the state home first.
  public func write(_ trust: SourceTrust) throws {
    let bytes = try ApplianceJSON.encode(trust, pretty: true)
    for path in [second, first] {
      try PrivateFolder.create(DurableFile.parentFolder(of: path))
      try DurableFile.replace(path, with: bytes)
    }
  }

  /// Restores a copy that is missing or older.
  func heal() throws {
    guard let newest = try newestCopy() else { return }
    let copies = [first, second].map { path in
      // `try?`: a damaged copy is one that differs.
      (try? read(path)) ?? nil
    }
    if copies.contains(where: { $0 != newest }) { try write(newest) }
  }

  private func read(_ path: String) throws -> SourceTrust? {
    guard let bytes = try DurableFile.readIfPresent(path, limit: 8 << 20) else { return nil }
    do {
      return try ApplianceJSON.decode(SourceTrust.self, from: bytes)
    } catch let error as ApplianceError {
      throw ApplianceError(
        .trustDamaged, "\"\(path)\" is damaged: \(error.message)",
        hint: "restore it from a backup")
    }
  }
}
