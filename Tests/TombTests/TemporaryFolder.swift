// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc

/// A test could not prepare what it needs.
struct SetupFailure: Error {
  let what: String
  let number = errno
}

/// A folder of one test, removed with it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let parent = FileManager.default.temporaryDirectory.path
    var template = Array("\(parent)/kafclaw-tomb-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SetupFailure(what: "create \(parent)/…") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // `try?`: a folder that stays in the temporary folder spoils no test.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  func makeFolder(_ name: String) throws {
    guard mkdir(self(name), 0o700) == 0 else { throw SetupFailure(what: self(name)) }
  }

  /// Every file of a folder with its content.
  func contents(of name: String = ".") throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: self(name))
    return try names.reduce(into: [:]) { contents, file in
      contents[file] = try Data(contentsOf: URL(filePath: self(name + "/" + file)))
    }
  }
}
