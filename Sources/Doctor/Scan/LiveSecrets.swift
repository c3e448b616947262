// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import SodiumCrypto
import Tomb

/// A secret that is in use.
struct LiveSecret: Sendable {
  /// Where it is kept, as in `tomb:NAME`; visible text.
  let name: String
  let value: SecretValue

  init(_ name: String, _ value: SecretValue) {
    (self.name, self.value) = (VisibleText.escape(name), value)
  }
}

/// The secrets of a host, as far as they can be read here.
struct LiveSecrets: Sendable {
  private(set) var all: [LiveSecret] = []
  /// What keeps others from being known.
  private(set) var unknown: [String] = []
  /// References whose values are elsewhere, as in the environment of the appliance alone.
  private(set) var elsewhere: [String] = []

  /// What the name of a secret in the `env` file begins with.
  static let environment = "env:"

  private static let credentialLimit = 64 << 10

  /// Blocks as long as the tomb takes to be opened.
  init(_ host: Host) {
    // A value that stands in the `env` file and elsewhere is known as that of the file.
    take { try Self.variables(host.paths) }
    take { try Self.entries(host) }
    take { try Self.credentials(host.paths) }
    do { try takeReferences(host) } catch { unknown.append(ApplianceError.of(error).message) }
  }

  private mutating func take(_ secrets: () throws -> [LiveSecret]) {
    do { all += try secrets() } catch { unknown.append(ApplianceError.of(error).message) }
  }

  /// What the desired state and `appliance.yaml` name, beside the tomb.
  private mutating func takeReferences(_ host: Host) throws {
    var uses: [SecretReferences.Use] = []
    if let spec = try host.spec { uses += SecretReferences.all(in: spec) }
    if let spec = try host.bootstrap.get() { uses += SecretReferences.all(in: spec) }
    for reference in Set(uses.map(\.reference)).sorted(by: { $0.description < $1.description }) {
      if case .tomb = reference { continue }
      do {
        all.append(LiveSecret(reference.description, try host.acts.resolve(reference)))
      } catch let error as ApplianceError where error.code.rawValue == "secret.missing" {
        elsewhere.append(reference.description)
      }
    }
  }

  private static func variables(_ paths: AppliancePaths) throws -> [LiveSecret] {
    guard var file = try EnvironmentFile.read(paths.environmentFile) else { return [] }
    defer { file.wipe() }
    return file.lines.compactMap { line in
      guard let assignment = line.assignment else { return nil }
      let value = file.bytes(in: assignment.value)
      guard SensitiveName.isSecret(assignment.name, value) else { return nil }
      return LiveSecret(environment + assignment.name, SecretValue(copying: value))
    }
  }

  private static func entries(_ host: Host) throws -> [LiveSecret] {
    guard let tomb = try host.presentTomb else { return [] }
    var secrets: [LiveSecret] = []
    try tomb.forEachValue { secrets.append(LiveSecret("tomb:\($0)", $1)) }
    return secrets
  }

  /// What references of the form `file:NAME` read.
  private static func credentials(_ paths: AppliancePaths) throws -> [LiveSecret] {
    try PrivateFolder.names(in: paths.credentials).sorted().compactMap { name in
      let path = "\(paths.credentials)/\(name)"
      guard var bytes = try DurableFile.readIfPresent(path, limit: credentialLimit) else {
        return nil
      }
      return LiveSecret("file:\(name)", SecretValue(wiping: &bytes))
    }
  }
}

extension LiveSecrets {
  /// What was looked for, in words, where nothing was found.
  func summary(_ scanner: SecretScanner) -> String {
    let count = Set(scanner.index.needles.map(\.name)).count
    var words =
      count == 0
      ? "no secret is known to look for"
      : "no trace of \(count) secrets in plain, base64, hexadecimal or percent-encoded"
    let skipped = scanner.index.skipped
    if skipped > 0 {
      words += ", \(skipped) under \(SecretIndex.shortest) bytes were not looked for"
    }
    guard !elsewhere.isEmpty else { return words }
    return words + ", nor \(elsewhere.joined(separator: ", ")), which cannot be read here"
  }
}
