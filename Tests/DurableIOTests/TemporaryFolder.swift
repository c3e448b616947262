// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Synchronization

/// A test could not prepare what it needs.
struct SetupFailure: Error {
  let what: String
  let number = errno
}

/// A folder of one test, removed with it.
final class TemporaryFolder: Sendable {
  /// Without links.
  let path: String

  init() throws {
    let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    var template = Array("\(parent)/kafclaw-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SetupFailure(what: "create \(parent)/…") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // `try?`: a folder that stays in the temporary folder spoils no test.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Names in the folder, sorted.
  func names(in name: String = ".") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: self(name)).sorted()
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: self(name)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes a file, with the folders above it.
  func put(_ text: String, in name: String, mode: mode_t = 0o600) throws {
    try put(bytes: Array(text.utf8), in: name, mode: mode)
  }

  func put(bytes: [UInt8], in name: String, mode: mode_t = 0o600) throws {
    let path = self(name)
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
      try FileManager.default.createDirectory(
        atPath: String(path[..<slash]), withIntermediateDirectories: true)
    }
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { throw SetupFailure(what: path) }
    defer { close(file) }
    guard write(file, bytes, bytes.count) == bytes.count, fchmod(file, mode) == 0 else {
      throw SetupFailure(what: path)
    }
  }

  func makeFolder(_ name: String, mode: mode_t = 0o700) throws {
    guard mkdir(self(name), mode) == 0, chmod(self(name), mode) == 0 else {
      throw SetupFailure(what: self(name))
    }
  }

  func link(_ name: String, to target: String) throws {
    guard symlink(target, self(name)) == 0 else { throw SetupFailure(what: self(name)) }
  }

  func makeFIFO(_ name: String) throws {
    guard mkfifo(self(name), 0o600) == 0 else { throw SetupFailure(what: self(name)) }
  }

  /// What `lstat(2)` says.
  func status(_ name: String) throws -> stat {
    var status = stat()
    guard lstat(self(name), &status) == 0 else { throw SetupFailure(what: self(name)) }
    return status
  }

  func mode(_ name: String) throws -> mode_t { try status(name).st_mode & 0o7777 }
}

/// Runs `body` on threads of their own and returns when all have ended.
func onThreads<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) -> [Result<Value, any Error>] {
  let results = Mutex<[Result<Value, any Error>]>([])
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread {
      let result = Result { try body(index) }
      results.withLock { $0.append(result) }
      group.leave()
    }.start()
  }
  group.wait()
  return results.withLock { $0 }
}
