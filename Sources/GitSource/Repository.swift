// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2
import Foundation

/// An open repository with one owner. Objects are read by id, from the object database.
struct Repository: ~Copyable {
  let raw: OpaquePointer
  /// What messages call it.
  let path: String
  let objects: OpaquePointer

  /// - Throws: `git.missing` when there is none.
  init(opening path: String) throws {
    try Libgit2.require()
    var opened: OpaquePointer?
    try Libgit2.check(
      git_repository_open_ext(&opened, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil),
      "open repository \"\(path)\"")
    try self.init(owning: opened, path: path)
  }

  init(creatingBare path: String) throws {
    try Libgit2.require()
    var created: OpaquePointer?
    try Libgit2.check(git_repository_init(&created, path, 1), "create repository \"\(path)\"")
    try self.init(owning: created, path: path)
  }

  /// With an empty configuration: what stands in the repository's own changes nothing.
  private init(owning opened: OpaquePointer?, path: String) throws {
    guard let opened else { throw ApplianceError(.gitFailed, "no repository at \"\(path)\"") }
    var (settings, database): (OpaquePointer?, OpaquePointer?)
    defer { git_config_free(settings) }
    do {
      try Libgit2.check(git_config_new(&settings), "make a configuration")
      try Libgit2.check(git_repository_set_config(opened, settings), "configure \"\(path)\"")
      try Libgit2.check(git_repository_odb(&database, opened), "open the objects of \"\(path)\"")
    } catch {
      git_repository_free(opened)
      throw error
    }
    guard let database else {
      git_repository_free(opened)
      throw ApplianceError(.gitFailed, "no object database in \"\(path)\"")
    }
    (raw, objects, self.path) = (opened, database, path)
  }

  deinit {
    git_odb_free(objects)
    git_repository_free(raw)
  }

  /// Where git keeps its files, with a slash at its end.
  var folder: String { git_repository_commondir(raw).map { String(cString: $0) } ?? "\(path)/" }

  /// Whether one of git's own files is there.
  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + name) }

  /// Where a reference points; `nil` when there is none.
  func target(of reference: String) throws -> ObjectID? {
    var found = git_oid()
    let result = git_reference_name_to_id(&found, raw, reference)
    if result == GIT_ENOTFOUND.rawValue { return nil }
    try Libgit2.check(result, "read \"\(reference)\" of \"\(path)\"")
    return ObjectID(found)
  }

  /// Points a reference at an object; writes nothing when it does already.
  func set(_ reference: String, to identifier: ObjectID) throws {
    guard try target(of: reference) != identifier else { return }
    var (wanted, made) = (identifier.raw, OpaquePointer?.none)
    let result = git_reference_create(&made, raw, reference, &wanted, 1, nil)
    git_reference_free(made)
    guard result != GIT_ELOCKED.rawValue else {
      throw damaged("\"\(reference)\" is locked by a process that may be gone")
    }
    try Libgit2.check(result, "set \"\(reference)\" in \"\(path)\"")
  }

  /// Whether there is a commit of this id.
  func hasCommit(_ identifier: ObjectID) -> Bool {
    var (wanted, size, type) = (identifier.raw, 0, GIT_OBJECT_INVALID)
    return git_odb_read_header(&size, &type, objects, &wanted) == 0 && type == GIT_OBJECT_COMMIT
  }

  /// The bytes of an object. Its size is known before it is unpacked, and libgit2 compares the id
  /// with what it has read.
  ///
  /// - Parameter limit: Bytes.
  /// - Throws: `git.damaged` when it is missing or broken, `source.refused` when it is larger than
  ///   `limit` or of another type.
  func read(
    _ identifier: ObjectID, _ type: git_object_t, limit: Int, as name: @autoclosure () -> String
  ) throws -> [UInt8] {
    var (wanted, size, found) = (identifier.raw, 0, GIT_OBJECT_INVALID)
    let result = git_odb_read_header(&size, &found, objects, &wanted)
    guard result == 0 else { throw unreadable(name(), identifier, result) }
    try require(found == type, size, limit, name)
    return try unpack(identifier, type, limit: limit, as: name())
  }

  /// The same without a look at the header first, which costs as much as unpacking a small object:
  /// for commits, of which there may be many and which are as large as a pack may have them.
  func unpack(
    _ identifier: ObjectID, _ type: git_object_t, limit: Int, as name: @autoclosure () -> String
  ) throws -> [UInt8] {
    var (wanted, object) = (identifier.raw, OpaquePointer?.none)
    let result = git_odb_read(&object, objects, &wanted)
    defer { git_odb_object_free(object) }
    guard result == 0, let object else { throw unreadable(name(), identifier, result) }
    let size = git_odb_object_size(object)
    try require(git_odb_object_type(object) == type, size, limit, name)
    return [UInt8](UnsafeRawBufferPointer(start: git_odb_object_data(object), count: size))
  }

  private func require(_ isOfType: Bool, _ size: Int, _ limit: Int, _ name: () -> String) throws {
    guard isOfType else {
      throw ApplianceError(.sourceRefused, "\(name()) is an object of another type")
    }
    guard size <= limit else {
      throw ApplianceError(.sourceRefused, "\(name()) has \(size) bytes; \(limit) are allowed")
    }
  }

  private func unreadable(_ name: String, _ identifier: ObjectID, _ result: Int32) -> ApplianceError
  {
    damaged("cannot read \(name) (object \(identifier)): \(Libgit2.words(result))")
  }

  func damaged(_ what: String) -> ApplianceError {
    ApplianceError(.gitDamaged, "\"\(path)\" is damaged: \(what)", hint: "git -C \(path) fsck")
  }
}
