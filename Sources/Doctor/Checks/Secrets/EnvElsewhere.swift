// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

extension Check {
  /// Copies that other gateways left stay readable when the `env` file has long been scrubbed.
  static let envElsewhere = Check(
    "env.elsewhere", "No file of another gateway has secrets", .medium,
    reference: "runbook 9",
    remedy: "take the secrets out of the file, or remove it; rotate those it showed to others",
    detect: { host in
      let looked = host.paths.otherEnvironmentFiles.map { path in
        (path: path, found: Result { try secrets(in: path) })
      }
      let present = looked.filter { !isAbsent($0.found) }
      guard !present.isEmpty else { return .notApplicable("other gateways left no file here") }
      let (found, unread) = (present.flatMap(evidence), present.compactMap(failure))
      guard found.isEmpty else { return Verdict(.warn, Findings.shortened(found + unread)) }
      guard unread.isEmpty else { return Verdict(.unknown, unread) }
      return .pass("no secret in \(present.map(\.path).joined(separator: ", "))")
    })

  private typealias Looked = (path: String, found: Result<EnvironmentSecrets?, any Error>)

  /// Follows links: this file is read, never written.
  private static func secrets(in path: String) throws -> EnvironmentSecrets? {
    guard var file = try EnvironmentFile.read(PrivateFolder.resolve(path) ?? path) else {
      return nil
    }
    defer { file.wipe() }
    return EnvironmentSecrets(in: file)
  }

  private static func isAbsent(_ found: Result<EnvironmentSecrets?, any Error>) -> Bool {
    if case .success(nil) = found { return true }
    return false
  }

  private static func evidence(_ looked: Looked) -> [String] {
    if case .success(let found?) = looked.found { return found.evidence(in: looked.path) }
    return []
  }

  private static func failure(_ looked: Looked) -> String? {
    if case .failure(let error) = looked.found {
      return "\(looked.path) could not be read: \(ApplianceError.of(error).message)"
    }
    return nil
  }
}
