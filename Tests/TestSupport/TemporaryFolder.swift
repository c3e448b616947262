// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc

/// A test could not prepare what it needs.
public struct SetupFailure: Error {
  public let what: String
  public let number = errno

  public init(what: String) { self.what = what }
}

/// A folder of one test, of whoever runs it, removed with it.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() throws {
    let parent = FileManager.default.temporaryDirectory.path
    var template = Array("\(parent)/kafclaw-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SetupFailure(what: "create \(parent)/…") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // `try?`: a folder that stays in the temporary folder spoils no test.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  public func callAsFunction(_ name: String) -> String { path + "/" + name }

  public func makeFolder(_ name: String) throws {
    guard mkdir(self(name), 0o700) == 0 else { throw SetupFailure(what: self(name)) }
  }

  /// Every file of a folder with its content.
  public func contents(of name: String = ".") throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: self(name))
    return try names.reduce(into: [:]) { contents, file in
      contents[file] = try Data(contentsOf: URL(filePath: self(name + "/" + file)))
    }
  }
}
