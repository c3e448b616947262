// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc

/// Runs a program that is given a secret by standard input and answers with JSON.
enum HelperProgram {
  private static let outputLimit = 4 << 20

  static func run<Answer: Decodable & Sendable>(
    _ command: [String], input: SecretValue, as type: Answer.Type
  ) async throws -> Answer {
    try await BlockingWork.run("helper-program") {
      let process = Process()
      process.executableURL = URL(filePath: command[0])
      process.arguments = Array(command.dropFirst())
      process.environment = [
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LLVM_PROFILE_FILE": "/dev/null",
        "SWIFT_BACKTRACE": "enable=no",
      ]
      let (given, answered) = (Foundation.Pipe(), Foundation.Pipe())
      (process.standardInput, process.standardOutput) = (given, answered)
      do { try process.run() } catch {
        throw ApplianceError(.backupDrill, "\(command[0]) cannot be started: \(error)")
      }
      let end = given.fileHandleForWriting
      input.withBytes { _ = Glibc.write(end.fileDescriptor, $0.baseAddress, $0.count) }
      try end.close()
      let bytes = try answered.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationReason == .exit, process.terminationStatus == 0,
        bytes.count <= outputLimit
      else {
        throw ApplianceError(
          .backupDrill,
          "the steps of the drill ended with "
            + (process.terminationReason == .exit ? "exit code" : "signal")
            + " \(process.terminationStatus)", hint: "what they said stands above")
      }
      return try ApplianceJSON.decode(type, from: Array(bytes), limit: outputLimit)
    }
  }
}
