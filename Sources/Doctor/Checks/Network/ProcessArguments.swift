// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Tomb

extension Check {
  /// Everybody on the host can read the arguments of every process.
  static let processArguments = Check(
    "process.arguments", "No secret is an argument of a process", .high, .security,
    reference: "runbook 3.3",
    remedy: "rotate that secret; pass it as env:NAME, tomb:NAME or file:NAME, then restart",
    detect: { host in
      guard host.isRunning else { return .notRunning }
      let processes = try ApplianceProcess.all(of: host)
      var findings = Findings()
      for process in processes { ArgumentLook.look(at: process, host.system, &findings) }
      return findings.verdict(
        otherwise: "none in the arguments of \(processes.map(\.shown).listed())")
    })
}

/// Arguments that are secrets, told by their place alone.
enum ArgumentLook {
  static func look(
    at process: ApplianceProcess, _ system: SystemFiles, _ findings: inout Findings
  ) {
    do {
      guard let arguments = try process.arguments(system) else {
        return findings.add(.unknown, "\(process.shown) is not there, or hidden")
      }
      for (index, argument) in arguments.enumerated() where isSecret(argument) {
        findings.add(.fail, "argument \(index) of \(process.shown) looks like a secret")
      }
    } catch {
      findings.add(.unknown, "\(process.shown): \(ApplianceError.of(error).message)")
    }
  }

  /// By its form, or in `--name=value` by its name.
  static func isSecret(_ argument: ArraySlice<UInt8>) -> Bool {
    if SensitiveValue.looksSecret(argument) || holdsToken(argument) { return true }
    guard let equals = argument.firstIndex(of: UInt8(ascii: "=")) else { return false }
    let name = String(decoding: argument[..<equals], as: UTF8.self)
    return SensitiveName.isSecret(name, argument[(equals + 1)...])
  }

  /// A token that was made here, anywhere in it.
  private static func holdsToken(_ argument: ArraySlice<UInt8>) -> Bool {
    let prefix = Array(TokenText.prefix.utf8)
    var rest = argument
    while let found = rest.firstRange(of: prefix) {
      rest = rest[found.upperBound...]
      if rest.prefix(while: isTokenByte).count >= TokenText.randomBytes { return true }
    }
    return false
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == 0x2D || byte == 0x5F
  }
}
