// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A test could not prepare what it needs.
struct SetupFailure: Error {
  let what: String
}

/// Runs commands of the system without anybody's configuration.
enum Tool {
  struct Result {
    let code: Int32
    let output: [UInt8]
    let errors: String

    /// The output without the last line break.
    var text: String {
      let text = String(decoding: output, as: UTF8.self)
      return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
  }

  /// - Parameter folder: Where the command runs and where its input and output lie meanwhile.
  static func run(
    _ words: [String], in folder: String, input: [UInt8] = [],
    environment: [String: String] = [:]
  ) throws -> Result {
    let files = ["in", "out", "err"].map { URL(filePath: "\(folder)/.\($0)-\(UUID().uuidString)") }
    // `try?`: the folder is removed with the test.
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    for (file, content) in zip(files, [input, [], []]) { try Data(content).write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = URL(filePath: folder)
    let clean = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder,
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", "TZ": "UTC",
    ]
    process.environment = clean.merging(environment) { _, new in new }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    return Result(
      code: process.terminationStatus, output: [UInt8](try Data(contentsOf: files[1])),
      errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
  }

  /// Like ``run(_:in:input:environment:)``, for commands that must succeed.
  @discardableResult
  static func require(
    _ words: [String], in folder: String, input: [UInt8] = [],
    environment: [String: String] = [:]
  ) throws -> Result {
    let result = try run(words, in: folder, input: input, environment: environment)
    guard result.code == 0 else {
      throw SetupFailure(what: "\(words) ended with \(result.code): \(result.errors)")
    }
    return result
  }
}
