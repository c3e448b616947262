// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// The library of `Shim/`, compiled for this test.
struct FaultShim: Sendable {
  struct BuildFailure: Error {
    let message: String
  }

  let library: String

  init(in scratch: Scratch) throws {
    library = "\(scratch.path)/libfault.so"
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Shim").path
    let sources = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".c") }.sorted().map { "\(folder)/\($0)" }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", #"c=$(command -v clang || command -v cc) && exec "$c" "$@""#, "sh"]
      + ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"]
      + ["-o", library] + sources + ["-ldl"]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let message = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BuildFailure(message: String(decoding: message, as: UTF8.self))
    }
  }
}
