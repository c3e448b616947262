// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Sandbox
import Skills
import SodiumCrypto
import Tools

/// One authorised run of a skill's script, with the skill itself: what was checked is what runs, and whoever
/// runs it need not read the appliance's files.
struct SkillOrder: Sendable, Codable {
  let sandbox: SandboxConfiguration
  let run: ResolvedSkillRun
  let files: [String: SourceTree.File]
}

/// Runs a script of a skill in a `tool` process.
enum SkillWorker {
  /// - Throws: `skill.changed` unless the files are those that were authorised.
  static func answer(_ order: SkillOrder) throws -> SandboxOutcome {
    guard TreeDigest.of(order.files) == order.run.package, order.files[order.run.script] != nil
    else { throw ApplianceError(.skillChanged, "the skill is not what was authorised") }
    let folder = try ProcessFolder("skill")
    defer { folder.remove() }
    for (path, file) in order.files.sorted(by: { $0.key < $1.key }) {
      try write(file, to: folder.path + "/" + path, isScript: isScript(path))
    }
    return try SandboxRunner(order.sandbox).run(request(order.run, in: folder.path))
  }

  private static func isScript(_ path: String) -> Bool {
    path.hasPrefix(SkillPackage.scriptsFolder)
  }

  private static func write(_ file: SourceTree.File, to path: String, isScript: Bool) throws {
    try PrivateFolder.create(DurableFile.parentFolder(of: path))
    try DurableFile.replace(path, with: file.bytes, mode: isScript ? 0o500 : 0o400)
  }

  /// The script sees its skill, and nothing of the host's data.
  private static func request(_ run: ResolvedSkillRun, in folder: String) -> SandboxRequest {
    SandboxRequest(
      command: SandboxedCommand(
        executable: folder + "/" + run.script, arguments: run.arguments,
        environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "SKILL": folder],
        folder: folder, input: run.input.map { Array($0.utf8) } ?? []),
      bindings: [SandboxBinding(host: folder, inside: folder, isWritable: false)],
      limits: SandboxLimits(
        wallTime: run.limits.timeout * 1_000, cpuTime: run.limits.timeout,
        memory: run.limits.memory, processes: run.limits.processes, output: run.limits.output),
      hasNetwork: run.limits.network)
  }
}
