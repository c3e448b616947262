// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case human
  case json
  case markdown
}

/// Options of every command.
struct GlobalOptions: ParsableArguments {
  @Option(help: "Folder that stands for ~ (also KAFCLAW_HOME).")
  var home: String?

  @Option(help: "Form of the result: human, json, markdown (plans).")
  var output: OutputFormat = .human

  @Flag(help: "Short for --output json.")
  var json = false

  init() {}

  var format: OutputFormat { json ? .json : output }

  var paths: AppliancePaths {
    get throws {
      try AppliancePaths.resolve(explicit: home, environment: ProcessEnvironment.settings)
    }
  }
}

/// `appliance.yaml` as commands need it.
enum Bootstrap {
  /// - Throws: `io.missing` with the file's form, or all its issues.
  static func require(_ paths: AppliancePaths) throws -> BootstrapSpec {
    if let spec = try read(paths) { return spec }
    throw ApplianceError(
      .fileMissing, "there is no \"\(paths.bootstrapFile)\"",
      hint: """
        write it: version: 1, source: {repository: /path/to/repository, branch: main, \
        verify: none}
        """)
  }

  /// Host and source for commands that are given a path; defaults where there is no file, and where
  /// it names no source yet, as the package brings it.
  static func orDefault(_ paths: AppliancePaths) throws -> BootstrapSpec {
    try read(paths, isSourceNeeded: false) ?? BootstrapSpec()
  }

  /// The file of this host, or where there is none the defaults.
  static func file(
    _ paths: AppliancePaths, _ spec: BootstrapSpec, host: String? = nil
  ) throws -> BootstrapFile {
    try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20) == nil
      ? BootstrapFile(fixed: spec) : BootstrapFile(paths, host: host)
  }

  private static func read(
    _ paths: AppliancePaths, isSourceNeeded: Bool = true
  ) throws -> BootstrapSpec? {
    guard let bytes = try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20) else {
      return nil
    }
    let (spec, issues) = BootstrapSpec.read(bytes, file: paths.bootstrapFile)
    guard let spec else {
      let isNotSetUp = issues.allSatisfy { $0.path == "source" && $0.rule == "required" }
      if isNotSetUp && !isSourceNeeded { return nil }
      for issue in issues { Output.note(issue.description) }
      throw CommandExit(code: 11)
    }
    return spec
  }
}

/// The appliance of this host while it is not running.
enum Stopped {
  static func appliance(
    _ paths: AppliancePaths, _ bootstrap: BootstrapSpec, host: String? = nil
  ) throws -> StoppedAppliance {
    StoppedAppliance(
      paths: paths, bootstrap: bootstrap, file: try Bootstrap.file(paths, bootstrap, host: host),
      overrides: ProcessEnvironment.overrides)
  }
}
