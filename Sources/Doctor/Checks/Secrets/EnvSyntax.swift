// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

extension Check {
  /// A line that is not understood is passed over without a word, and so is a second value.
  static let envSyntax = Check(
    "env.syntax", "Every line of the env file is understood", .low,
    reference: "runbook 2", remedy: "edit the env file: NAME=VALUE, each name once",
    detect: { host in
      let path = host.paths.environmentFile
      guard var file = try EnvironmentFile.read(path) else {
        return .notApplicable("there is no \(path)")
      }
      defer { file.wipe() }
      return .of(
        Findings.shortened(EnvironmentSyntax.problems(of: file, in: path)), .warn,
        otherwise: "\(path) has \(file.lines.count) lines, each understood")
    })
}

private enum EnvironmentSyntax {
  /// Lines are told by their numbers: what stands in them may be a secret.
  static func problems(of file: EnvironmentFile, in path: String) -> [String] {
    file.malformed.map { "line \($0.number) of \(path) is not NAME=VALUE" }
      + unnamable(file, path) + repeated(file, path)
  }

  private static func unnamable(_ file: EnvironmentFile, _ path: String) -> [String] {
    file.lines.compactMap { line in
      guard let name = line.assignment?.name, SecretReference("env:\(name)") == nil else {
        return nil
      }
      return "line \(line.number) of \(path) gives a value to \(SensitiveName.shown(name)), "
        + "which no reference can name"
    }
  }

  private static func repeated(_ file: EnvironmentFile, _ path: String) -> [String] {
    file.repeated.map { name, lines in
      let places = lines.map(String.init).listed()
      return "\(SensitiveName.shown(name)) stands \(lines.count) times in \(path), in the lines "
        + "\(places); the first that is not empty counts"
    }
  }
}
