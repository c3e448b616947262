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
    guard file.bytes.count <= 64 << 10, Self.isKnown(file.bytes),
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

  /// Whether there is no field but those that are read, and each once: another one would protect nobody.
  private static func isKnown(_ bytes: [UInt8]) -> Bool {
    // `try?`: what is no JSON has no known fields.
    guard let value = try? ApplianceJSON.decode(JSONValue.self, from: bytes),
      let fields = value.objectValue,
      // `try?`: nor has what cannot be read again.
      (try? ApplianceJSON.repeatsMembers(bytes)) == false
    else { return false }
    let execution = fields["execution"]?.objectValue ?? [:]
    return Set(fields.keys).isSubset(of: ["version", "execution"])
      && Set(execution.keys).isSubset(of: [
        "network", "timeoutSeconds", "maxOutputBytes", "allowCommands", "denyCommands",
      ])
  }

  /// - Throws: `skill.malformed` for a list that names a script that there is not.
  public func requireScripts(of package: SkillPackage) throws {
    let known = Set(package.scripts)
    for name in (execution.allowCommands ?? []) + (execution.denyCommands ?? [])
    where !known.contains(Self.path(name)) {
      throw ApplianceError(
        .skillMalformed,
        "\(SkillPackage.manifestFile): there is no script "
          + "\"\(VisibleText.escape(String(name.prefix(100))))\"")
    }
  }

  /// With or without the folder's name.
  private static func path(_ name: String) -> String {
    name.hasPrefix(SkillPackage.scriptsFolder) ? name : SkillPackage.scriptsFolder + name
  }

  /// Whether a script may be run, by its path in the package.
  public func permits(_ script: String) -> Bool {
    if execution.denyCommands?.contains(where: { Self.path($0) == script }) == true { return false }
    return execution.allowCommands?.contains { Self.path($0) == script } ?? true
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
