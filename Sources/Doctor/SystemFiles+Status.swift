// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc

/// What the names in the file system say, beside what is in the files.
extension SystemFiles {
  /// Whether something has this name, a link too.
  ///
  /// - Throws: `io.*` when it cannot be told.
  func isPresent(_ path: String) throws -> Bool {
    var status = stat()
    if lstat(self.path(path), &status) == 0 { return true }
    guard errno == ENOENT || errno == ENOTDIR else { throw ApplianceError.system("examine", path) }
    return false
  }

  /// When a file or folder was changed last; `nil` where there is none.
  ///
  /// - Throws: `io.*` when it cannot be told.
  func modified(_ path: String) throws -> Date? {
    var status = stat()
    if stat(self.path(path), &status) == 0 {
      return Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
    }
    guard errno == ENOENT || errno == ENOTDIR else { throw ApplianceError.system("examine", path) }
    return nil
  }

  /// Where a link points to; `nil` for what is no link, or not there.
  ///
  /// - Throws: `io.*` when it cannot be told.
  func target(ofLink path: String) throws -> String? {
    var name = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(self.path(path), &name, name.count)
    if count >= 0 {
      return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    guard errno == ENOENT || errno == ENOTDIR || errno == EINVAL else {
      throw ApplianceError.system("read link", path)
    }
    return nil
  }
}
