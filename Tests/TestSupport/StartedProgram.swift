// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A run of the program, or of another command, that a test may end early.
public final class StartedProgram {
  private let process: Process
  private let folder: TemporaryFolder

  /// - Parameter input: What it finds on standard input; nothing by default.
  init(_ process: Process, input: String? = nil) throws {
    (self.process, folder) = (process, try TemporaryFolder())
    for name in ["out", "err"] { try Data().write(to: URL(filePath: folder(name))) }
    if let input {
      try Data(input.utf8).write(to: URL(filePath: folder("in")))
      process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder("in")))
    }
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder("out")))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: folder("err")))
    try process.run()
  }

  public var isRunning: Bool { process.isRunning }

  /// Ends it as a power cut would; one that has ended already stays as it is.
  public func cut() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// Waits for its end. The code of one that was cut is the number of the signal.
  public func wait() throws -> Program.Result {
    process.waitUntilExit()
    let texts = try ["out", "err"].map {
      String(decoding: try Data(contentsOf: URL(filePath: folder($0))), as: UTF8.self)
    }
    return Program.Result(code: process.terminationStatus, output: texts[0], errors: texts[1])
  }

  deinit {
    guard process.isRunning else { return }
    cut()
    process.waitUntilExit()
  }
}
