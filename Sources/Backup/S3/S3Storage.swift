// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
import NIOCore

/// A repository in an S3-compatible store.
///
/// Objects are created with `If-None-Match: *` (S3 User Guide, "How to prevent object overwrites with
/// conditional writes"): of two writers of one name, one gets `backup.exists`. ``prepare()`` refuses
/// stores that do not know that.
///
/// Every error of the store or the way to it has the code `backup.storage`. After one, an
/// ``add(_:_:)`` may have taken effect, or do so yet.
public final class S3Storage: BackupStorage {
  /// Answers to listings: a thousand keys of 1 024 bytes, each encoded as three, and what is around.
  static let listingLimit = 8 << 20
  /// Pages of a listing, of a thousand objects each.
  static let pageLimit = 10_000
  /// Left by a ``prepare()`` that was not allowed to remove it, or was cut off. No file of the
  /// repository.
  static let probe = "probe"

  let client: S3Client
  var place: S3Address { client.address }

  /// - Parameters:
  ///   - certificates: A file of PEM certificates, which are trusted instead of the system's. For
  ///     private stores.
  ///   - pause: Waits between two tries; by default on a timer.
  ///   - now: What requests are signed with. A store refuses them when it is 15 minutes off.
  /// - Throws: `backup.storage` for a file without certificates.
  public init(
    _ address: S3Address, _ credentials: S3Credentials, certificates: String? = nil,
    limits: S3Limits = S3Limits(), pause: (@Sendable (Duration) -> Void)? = nil,
    now: @escaping @Sendable () -> Date = { Date() }
  ) throws {
    client = try S3Client(
      address, credentials, certificates: certificates, limits: limits, pause: pause, now: now)
  }

  /// Ends all connections; what is called afterwards fails. The last holder's letting go does it too.
  public func shutdown() throws { try client.shutdown() }

  public var address: String { place.text }
  public var isRemote: Bool { true }

  /// Looks whether nothing is there, and whether the store can refuse to replace an object.
  public func prepare() throws {
    let action = "look what lies"
    let page = try list("", action, after: nil)
    guard page.continuation == nil, page.files.allSatisfy({ Self.isNothing($0.name) }) else {
      throw ApplianceError(
        .backupRepository, "something lies at \(address) already",
        hint: "name another prefix; what an interrupted init left can be removed")
    }
    try requireConditionalWrites()
  }

  public func add(_ name: String, _ bytes: [UInt8]) throws {
    let action = "store \"\(name)\""
    let request = creation(of: name, bytes)
    var isUncertain = false
    try client.retry(action, bytes: bytes.count) { deadline -> S3Client.Attempt<Void> in
      switch client.send(request, body: bytes, until: deadline) {
      case .broken(let why):
        isUncertain = true
        return .again(why)
      case .excess: throw S3Failure.nonsense(action, place, "the answer is too long")
      case .answer(let answer):
        switch answer.status {
        case 200:
          guard Self.isOfOther(answer, than: request) else { return .done(()) }
          isUncertain = true
          return .again("the store says that it stored something else")
        // Another writer, or somebody who removes it, is at it: nothing was stored.
        case 409: return .again(S3Failure.reason(answer))
        case 412:
          // An earlier try may have been the one that stored it.
          guard isUncertain else { throw Self.exists(name) }
          return try isStored(name, bytes, deadline)
        default: throw S3Failure.refusal(answer, action, place)
        }
      }
    }
  }

  /// Whether what is stored is what was sent. Whoever else stored the very same did nobody wrong.
  private func isStored(
    _ name: String, _ bytes: [UInt8], _ deadline: NIODeadline
  ) throws -> S3Client.Attempt<Void> {
    let request = request("GET", name)
    switch client.send(request, limit: bytes.count, until: deadline) {
    case .broken(let why): return .again(why)
    case .excess: throw Self.exists(name)
    case .answer(let answer):
      if Self.isAbsence(answer) { return .again("an object was removed while it was stored") }
      guard answer.status == 200 else { throw S3Failure.refusal(answer, "read \"\(name)\"", place) }
      guard answer.hasAnnouncedEnd else { return .again("the answer has no certain end") }
      guard answer.body == bytes else { throw Self.exists(name) }
      return .done(())
    }
  }

  public func files(in folder: String) throws -> [StoredFile] {
    let action = "list \"\(folder)\""
    var files: [StoredFile] = []
    var continuation: String?
    var pages = 0
    repeat {
      pages += 1
      guard pages <= Self.pageLimit else {
        throw S3Failure.nonsense(action, place, "the listing does not end")
      }
      let page = try list(folder.isEmpty ? "" : folder + "/", action, after: continuation)
      files += page.files
      // A store that comes back to where it was would do so for ever.
      guard page.continuation == nil || page.continuation != continuation else {
        throw S3Failure.nonsense(action, place, "the listing does not get on")
      }
      continuation = page.continuation
    } while continuation != nil
    let prefix = folder.isEmpty ? "" : folder + "/"
    if let strange = files.first(where: { !$0.name.hasPrefix(prefix) }) {
      throw ApplianceError(
        .backupStorage,
        "the store lists \"\(VisibleText.escape(strange.name))\" in \"\(folder)\", where it is not",
        hint: "the store is not to be trusted")
    }
    // What others have put there is none of the repository's, and no name that leads anywhere.
    return files.filter { !Self.isNothing($0.name) && RepositoryFormat.isName($0.name) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  public func remove(_ name: String) throws {
    let action = "remove \"\(name)\""
    try client.retry(action) { deadline -> S3Client.Attempt<Void> in
      switch client.send(request("DELETE", name), until: deadline) {
      case .broken(let why): return .again(why)
      case .excess: throw S3Failure.nonsense(action, place, "the answer is too long")
      case .answer(let answer):
        guard [200, 204].contains(answer.status) || Self.isAbsence(answer) else {
          throw S3Failure.refusal(answer, action, place)
        }
        return .done(())
      }
    }
  }

  public func lock(_ purpose: String) throws -> StorageLock? { nil }
}
