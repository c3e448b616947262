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

/// A folder of one test, removed with it. It holds `root`, which tools may see, and `outside`.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let parent = FileManager.default.temporaryDirectory.path
    var template = Array("\(parent)/kafclaw-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SetupFailure(what: "create \(parent)/…") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for name in ["root", "outside"] { try makeFolder(name) }
    try put("secret", in: "outside/secret")
  }

  // `try?`: a folder that stays in the temporary folder spoils no test.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var root: String { self("root") }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  func makeFolder(_ name: String) throws {
    guard mkdir(self(name), 0o700) == 0 else { throw SetupFailure(what: self(name)) }
  }

  func put(_ text: String, in name: String) throws {
    let file = open(self(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { throw SetupFailure(what: self(name)) }
    defer { close(file) }
    guard write(file, text, text.utf8.count) == text.utf8.count else {
      throw SetupFailure(what: self(name))
    }
  }

  func link(_ name: String, to target: String) throws {
    guard symlink(target, self(name)) == 0 else { throw SetupFailure(what: self(name)) }
  }

  func makeFIFO(_ name: String) throws {
    guard mkfifo(self(name), 0o600) == 0 else { throw SetupFailure(what: self(name)) }
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: self(name)).map { String(decoding: $0, as: UTF8.self) }
  }

  func names(in name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: self(name)).sorted()
  }

  func status(_ name: String) throws -> stat {
    var status = stat()
    guard lstat(self(name), &status) == 0 else { throw SetupFailure(what: self(name)) }
    return status
  }

  /// Everything below, with the content of regular files; folders in `root` are left out, since
  /// they may be made before a path is refused.
  func state() throws -> [String: String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
    return try names.reduce(into: [:]) { state, name in
      switch try status(name).st_mode & S_IFMT {
      case S_IFREG: state[name] = text(name) ?? "unreadable"
      case S_IFDIR where name.hasPrefix("root/"): break
      case let kind: state[name] = "kind \(kind)"
      }
    }
  }
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
