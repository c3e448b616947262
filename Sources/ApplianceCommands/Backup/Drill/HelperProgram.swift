// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc

/// Runs a program that is given a secret by standard input and answers with JSON.
enum HelperProgram {
  private static let outputLimit = 4 << 20

  /// - Parameter answer: A file that is made for what it says: whatever it starts may hold on to that,
  ///   and only the program itself is waited for.
  static func run<Answer: Decodable & Sendable>(
    _ command: [String], input: SecretValue, answer: String, as type: Answer.Type
  ) async throws -> Answer {
    try await BlockingWork.run("helper-program") {
      let process = Process()
      process.executableURL = URL(filePath: command[0])
      process.arguments = Array(command.dropFirst())
      process.environment = [
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LLVM_PROFILE_FILE": "/dev/null",
        "SWIFT_BACKTRACE": "enable=no",
      ]
      let given = Foundation.Pipe()
      let written = open(answer, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      guard written >= 0 else { throw ApplianceError.system("create", answer) }
      process.standardInput = given
      process.standardOutput = FileHandle(fileDescriptor: written, closeOnDealloc: true)
      // A program that ends at once is told by how it ended, not by a signal.
      signal(SIGPIPE, SIG_IGN)
      do { try process.run() } catch {
        throw ApplianceError(.backupDrill, "\(command[0]) cannot be started: \(error)")
      }
      let end = given.fileHandleForWriting
      input.withBytes { _ = Glibc.write(end.fileDescriptor, $0.baseAddress, $0.count) }
      try end.close()
      process.waitUntilExit()
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        throw ApplianceError(
          .backupDrill,
          "the steps of the drill ended with "
            + (process.terminationReason == .exit ? "exit code" : "signal")
            + " \(process.terminationStatus)", hint: "what they said stands above")
      }
      return try ApplianceJSON.decode(
        type, from: try DurableFile.read(answer, limit: outputLimit), limit: outputLimit)
    }
  }
}
