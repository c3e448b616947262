// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CLibgit2

extension ApplianceError.Code {
  /// libgit2 refused an operation on the repository.
  public static let gitFailed = Self("git.failed")
  /// The repository, branch or folder does not exist.
  public static let gitMissing = Self("git.missing")
}

/// libgit2, initialised once: no system or user configuration, no ownership question (objects are
/// only read, and libgit2 runs no hooks).
enum Libgit2 {
  private static let isReady: Bool = {
    guard git_libgit2_init() > 0 else { return false }
    let levels = [
      GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
      GIT_CONFIG_LEVEL_PROGRAMDATA,
    ]
    return kafclaw_git_skip_owner_validation() == 0 && kafclaw_git_flush_writes() == 0
      && levels.allSatisfy { kafclaw_git_clear_search_path($0.rawValue) == 0 }
  }()

  /// Turns libgit2's result into an error that names what was being done.
  static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws {
    guard result < 0 else { return }
    let words = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) }
    let isMissing = result == GIT_ENOTFOUND.rawValue
    throw ApplianceError(
      isMissing ? .gitMissing : .gitFailed,
      "cannot \(operation()): \(words ?? "libgit2 error \(result)")",
      hint: isMissing ? "check source.repository, source.branch and source.path" : nil)
  }

  static func require() throws {
    guard isReady else { throw ApplianceError(.gitFailed, "libgit2 cannot be initialised") }
  }
}

/// An open repository with one owner.
struct RepositoryHandle: ~Copyable {
  let raw: OpaquePointer

  init(opening path: String) throws {
    try Libgit2.require()
    var opened: OpaquePointer?
    try Libgit2.check(
      git_repository_open_ext(&opened, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil),
      "open repository \"\(path)\"")
    guard let opened else { throw ApplianceError(.gitFailed, "no repository at \"\(path)\"") }
    raw = opened
  }

  init(creatingBare path: String) throws {
    try Libgit2.require()
    var created: OpaquePointer?
    try Libgit2.check(git_repository_init(&created, path, 1), "create repository \"\(path)\"")
    guard let created else { throw ApplianceError(.gitFailed, "no repository at \"\(path)\"") }
    raw = created
  }

  deinit { git_repository_free(raw) }
}
