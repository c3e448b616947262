// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSandbox
import DurableIO
import Glibc

/// Goes through the regular files below a folder, by descriptor: links are never followed, and
/// neither `.git` nor what a second name may have brought in is looked into.
public struct ConfinedWalk: ~Copyable {
  /// Where a walk ends, however much there is.
  public struct Limits: Sendable, Equatable {
    /// Names looked at.
    public var entries = 20_000
    /// Folders below each other.
    public var depth = 32
    /// A larger file is passed over. Bytes.
    public var fileBytes = 4 << 20
    /// Read altogether. Bytes.
    public var totalBytes = 64 << 20
    public var time = Duration.seconds(5)

    public init() {}
  }

  /// What a walk left out.
  public struct Report: Sendable, Equatable {
    /// Files that are too large, not readable, or have a second name; folders too deep.
    public var skipped = 0
    /// The limit that ended the walk early.
    public var limit: String?
  }

  private let root: Descriptor
  private let limits: Limits
  private let end: ContinuousClock.Instant
  private var report = Report()
  private var (entries, bytes) = (0, 0)
  private var isStopped = false

  /// - Parameter path: A folder beneath `root` to begin with; empty for all of it.
  public init(_ path: String, in root: String, limits: Limits = Limits()) throws {
    _ = try ConfinedPath.parts(of: path)
    let opened = kafclaw_open_root(root)
    guard opened >= 0 else { throw ApplianceError.system("open", root) }
    let folder = Descriptor(owning: opened)
    let number = kafclaw_open_beneath(
      folder.number, path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY, 0)
    guard number >= 0 else { throw ConfinedPath.failure("open", path) }
    self.root = Descriptor(owning: number)
    self.limits = limits
    end = .now + limits.time
  }

  /// Visits files in the order of their names, with their paths below the beginning.
  ///
  /// - Parameters:
  ///   - isWanted: By path and name; the others are not opened.
  ///   - visit: Gets path and content; the walk ends when it returns `false`.
  public consuming func run(
    wanting isWanted: (_ path: String, _ name: String) -> Bool,
    _ visit: (_ path: String, _ bytes: [UInt8]) -> Bool
  ) throws -> Report {
    let number = dup(root.number)
    guard number >= 0 else { throw ApplianceError.system("open", ".") }
    try enter(Descriptor(owning: number), "", depth: 1, isWanted, visit)
    return report
  }

  private mutating func enter(
    _ folder: consuming Descriptor, _ path: String, depth: Int,
    _ isWanted: (String, String) -> Bool, _ visit: (String, [UInt8]) -> Bool
  ) throws {
    for name in try names(in: folder, path) where mayGoOn() {
      let below = path + name
      var status = stat()
      guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR where depth >= limits.depth: report.skipped += 1
      case S_IFDIR:
        let number = kafclaw_open_beneath(folder.number, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else {
          report.skipped += 1
          continue
        }
        try enter(Descriptor(owning: number), below + "/", depth: depth + 1, isWanted, visit)
      case S_IFREG where isWanted(below, name):
        guard let content = read(name, in: folder) else { continue }
        isStopped = isStopped || !visit(below, content)
      default: break
      }
    }
  }

  /// `nil` when the file is passed over.
  private mutating func read(_ name: String, in folder: borrowing Descriptor) -> [UInt8]? {
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
    let number = kafclaw_open_beneath(folder.number, name, flags, 0)
    guard number >= 0 else {
      report.skipped += 1
      return nil
    }
    let file = Descriptor(owning: number)
    var status = stat()
    do {
      guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", name) }
      try ConfinedPath.requireReadable(status, name)
      guard bytes < limits.totalBytes else {
        (report.limit, isStopped) = ("\(limits.totalBytes) bytes", true)
        return nil
      }
      let content = try file.readAll(limit: limits.fileBytes, path: name)
      bytes += content.count
      return content
    } catch {
      report.skipped += 1
      return nil
    }
  }

  private mutating func mayGoOn() -> Bool {
    if !isStopped && ContinuousClock.now >= end {
      (report.limit, isStopped) = ("\(limits.time)", true)
    }
    return !isStopped
  }

  /// Sorted by bytes. A name that is not UTF-8 could not be asked for, and is left out.
  private mutating func names(
    in folder: borrowing Descriptor, _ path: String
  ) throws -> [String] {
    let copy = dup(folder.number)
    guard copy >= 0 else { throw ApplianceError.system("list", path) }
    guard let stream = fdopendir(copy) else {
      close(copy)
      throw ApplianceError.system("list", path)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while mayGoOn(), let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name, ![".", "..", ".git"].contains(name) else { continue }
      guard entries < limits.entries else {
        report.limit = "\(limits.entries) names"
        break
      }
      entries += 1
      names.append(name)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
