// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CLibgit2
import Glibc
import Synchronization

extension ApplianceError.Code {
  /// libgit2 refused an operation on the repository.
  public static let gitFailed = Self("git.failed")
  /// The repository, branch or folder does not exist.
  public static let gitMissing = Self("git.missing")
  /// A repository on this host lacks objects or holds what it should not; a clone is made anew.
  public static let gitDamaged = Self("git.damaged")
}

/// libgit2, initialised once: no system or user configuration, no ownership question (objects are
/// only read, and libgit2 runs no hooks).
enum Libgit2 {
  /// Objects that libgit2 keeps in memory. Bytes.
  private static let cacheBytes = 16 << 20

  private static let isReady: Bool = {
    guard git_libgit2_init() > 0 else { return false }
    let levels = [
      GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
      GIT_CONFIG_LEVEL_PROGRAMDATA,
    ]
    return kafclaw_git_skip_owner_validation() == 0 && kafclaw_git_flush_writes() == 0
      && kafclaw_git_limit_cache(cacheBytes) == 0
      && levels.allSatisfy { kafclaw_git_clear_search_path($0.rawValue) == 0 }
  }()

  /// Where Debian and most others keep the authorities of the system.
  private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

  /// The file whose authorities are trusted; `nil` before the first was set.
  private static let trusted = Mutex<String?>(nil)

  /// Turns libgit2's result into an error that names what was being done.
  static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws {
    guard result < 0 else { return }
    let isMissing = result == GIT_ENOTFOUND.rawValue
    throw ApplianceError(
      isMissing ? .gitMissing : .gitFailed, "cannot \(operation()): \(words(result))",
      hint: isMissing ? "check source.repository, source.branch and source.path" : nil)
  }

  /// libgit2's words for the last failure, which may quote a server: bounded and visible.
  static func words(_ result: Int32) -> String {
    guard let text = git_error_last()?.pointee.message, strnlen(text, 1) > 0 else {
      return "libgit2 error \(result)"
    }
    let bytes = UnsafeRawBufferPointer(start: text, count: strnlen(text, 300))
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    return VisibleText.escape(lines.joined(separator: " "))
  }

  static func require() throws {
    guard isReady else { throw ApplianceError(.gitFailed, "libgit2 cannot be initialised") }
  }

  /// Limits that libgit2 has for the whole process.
  static func limit(_ limits: FetchLimits) throws {
    try check(kafclaw_git_limit_pack_objects(max(0, limits.objects)), "limit the size of packs")
    // An older libgit2 has no such limit; the other limits hold all the same.
    _ = kafclaw_git_limit_pack_object_size(max(0, limits.objectBytes))
  }

  /// Chooses the authorities of https servers, for the whole process.
  ///
  /// - Parameter file: PEM; `nil` for the system's.
  static func trust(_ file: String?) throws {
    let wanted = file ?? systemAuthorities
    try trusted.withLock { current in
      guard current ?? systemAuthorities != wanted else { return }
      guard kafclaw_git_trust_authorities(wanted) == 0 else {
        throw ApplianceError(
          .gitCertificate, "cannot read certificate authorities from \"\(wanted)\": \(words(-1))",
          hint: "name a PEM file in source.certificateAuthority")
      }
      current = wanted
    }
  }
}
