// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc

/// A test could not prepare what it needs.
struct SetupFailure: Error {
  let what: String
}

/// A folder of one test, removed with it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let parent = FileManager.default.temporaryDirectory.path
    var template = Array("\(parent)/kafclaw-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SetupFailure(what: "create \(parent)/…") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // `try?`: a folder that stays in the temporary folder spoils no test.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Every file below a folder: when it was written, which file it is and what it holds.
  func files(below name: String) throws -> [String: FileState] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: self(name))
    return try names.reduce(into: [:]) { files, file in
      files[file] = try FileState(path: self(name) + "/" + file)
    }
  }
}

/// What shows that a file was written.
struct FileState: Equatable {
  let number: UInt
  let seconds: Int
  let nanoseconds: Int
  /// `nil` for a folder.
  let content: Data?

  init(path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw SetupFailure(what: path) }
    number = UInt(status.st_ino)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
    content = status.st_mode & S_IFMT == S_IFREG ? try Data(contentsOf: URL(filePath: path)) : nil
  }
}
