// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What a skill asks for its scripts (`SKILL-POLICY.json`). It is a wish: the operator's limits cap it.
public struct SkillManifest: Sendable, Codable, Equatable {
  public var version = 1
  public var execution = Execution()

  public struct Execution: Sendable, Codable, Equatable {
    public var network: Bool?
    /// Seconds.
    public var timeoutSeconds: Int?
    /// Bytes of each stream.
    public var maxOutputBytes: Int?
    /// Scripts that may be run, by name below `scripts/`; all without.
    public var allowCommands: [String]?
    /// Scripts that may not.
    public var denyCommands: [String]?

    public init() {}
  }

  public init() {}

  /// The manifest of a package; the default where it has none.
  ///
  /// - Throws: `skill.malformed`.
  public init(of package: SkillPackage) throws {
    guard let file = package.files[SkillPackage.manifestFile] else { return }
    guard file.bytes.count <= 64 << 10,
      // `try?`: whatever is wrong with it, it is no manifest.
      let manifest = try? ApplianceJSON.decode(SkillManifest.self, from: file.bytes)
    else {
      throw ApplianceError(
        .skillMalformed, "\(SkillPackage.manifestFile) is not a manifest of version 1")
    }
    if let problem = manifest.problem {
      throw ApplianceError(.skillMalformed, "\(SkillPackage.manifestFile): \(problem)")
    }
    self = manifest
  }

  private var problem: String? {
    if version != 1 { return "version \(version) is not known" }
    if let seconds = execution.timeoutSeconds, !(1...3_600).contains(seconds) {
      return "timeoutSeconds is not from 1 to 3600"
    }
    if let bytes = execution.maxOutputBytes, !(1...(16 << 20)).contains(bytes) {
      return "maxOutputBytes is not from 1 to 16 MiB"
    }
    return nil
  }

  /// Whether a script may be run, by its path in the package.
  public func permits(_ script: String) -> Bool {
    let name = String(script.dropFirst(SkillPackage.scriptsFolder.count))
    if execution.denyCommands?.contains(name) == true { return false }
    return execution.allowCommands?.contains(name) ?? true
  }
}

/// Within what a script runs: what its package asks for, as far as the operator allows it.
public struct SkillLimits: Sendable, Codable, Equatable {
  public let network: Bool
  /// Seconds.
  public let timeout: Int
  /// Bytes.
  public let memory: Int
  public let processes: Int
  /// Bytes of each stream.
  public let output: Int

  public init(network: Bool, timeout: Int, memory: Int, processes: Int, output: Int) {
    (self.network, self.timeout, self.memory) = (network, timeout, memory)
    (self.processes, self.output) = (processes, output)
  }

  /// The lesser of both; the network only where both say so.
  public func capping(_ wish: SkillManifest.Execution) -> SkillLimits {
    SkillLimits(
      network: network && wish.network == true,
      timeout: min(timeout, wish.timeoutSeconds ?? timeout), memory: memory,
      processes: processes, output: min(output, wish.maxOutputBytes ?? output))
  }
}
