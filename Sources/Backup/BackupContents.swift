// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// What goes into a snapshot: files and folders of the host, and what they are called in it.
public struct BackupContents: Sendable {
  public struct Item: Sendable, Equatable {
    /// In the snapshot, beginning with a root.
    public let path: String
    /// On the host.
    public let source: String
    /// Whether it is the copy of a database, which is cut at fixed places.
    public let isDatabase: Bool
    /// Whether there is no snapshot without it: a copy that was made for this one.
    public let isRequired: Bool
    /// Of a file that grows: so many bytes of it are wanted, and were there.
    public let length: Int?

    public init(
      path: String, source: String, isDatabase: Bool = false, isRequired: Bool = false,
      length: Int? = nil
    ) {
      (self.path, self.source) = (path, source)
      (self.isDatabase, self.isRequired, self.length) = (isDatabase, isRequired, length)
    }
  }

  /// Bytes of a path that could be restored elsewhere too.
  private static let pathLimit = 3_000

  public private(set) var files: [Item] = []
  public private(set) var folders: [String] = []
  /// By path in the snapshot, with the reason.
  public private(set) var skipped: [String: String] = [:]

  public init() {}

  /// Takes one file; one that is not there is not missed, unless it is required.
  public mutating func add(_ item: Item) {
    guard !item.isRequired else { return files.append(item) }
    var status = stat()
    guard lstat(item.source, &status) == 0 else {
      if errno != ENOENT { skipped[item.path] = String(cString: strerror(errno)) }
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      skipped[item.path] = "not a regular file"
      return
    }
    files.append(item)
  }

  /// Takes the folders of a place whose names begin in a way, as ``addFolder(_:from:isWanted:)`` does.
  ///
  /// - Parameter path: Of the place, in the snapshot.
  public mutating func addFolders(
    _ path: String, beginning prefix: String, in place: String, isWanted: (String) -> Bool
  ) {
    do {
      for name in try PrivateFolder.names(in: place).sorted() where name.hasPrefix(prefix) {
        addFolder("\(path)/\(name)", from: "\(place)/\(name)", isWanted: isWanted)
      }
    } catch {
      skipped["\(path)/\(prefix)…"] = ApplianceError.of(error).message
    }
  }

  /// Takes a folder with everything in it. Links and other special files are left out, and said to
  /// be.
  ///
  /// - Parameter isWanted: Asked for each path in the snapshot.
  public mutating func addFolder(
    _ path: String, from source: String, isWanted: (String) -> Bool = { _ in true }
  ) {
    let names: [String]
    do { names = try PrivateFolder.names(in: source).sorted() } catch {
      skipped[path] = ApplianceError.of(error).message
      return
    }
    guard access(source, F_OK) == 0 else { return }
    folders.append(path)
    for name in names where isWanted(path + "/" + name) {
      let (inside, outside) = (path + "/" + name, source + "/" + name)
      guard max(inside.utf8.count, outside.utf8.count) <= Self.pathLimit else {
        skipped[path + "/…"] = "paths are too long to be restored"
        continue
      }
      var status = stat()
      guard lstat(outside, &status) == 0 else {
        // Reading the folder repaired what is not UTF-8, which therefore is not there.
        if name.unicodeScalars.contains("\u{FFFD}") {
          skipped[inside] = "its name is not UTF-8"
        } else if errno != ENOENT {
          skipped[inside] = String(cString: strerror(errno))
        }
        continue
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: addFolder(inside, from: outside, isWanted: isWanted)
      case S_IFREG: files.append(Item(path: inside, source: outside))
      default: skipped[inside] = "not a regular file"
      }
    }
  }
}
