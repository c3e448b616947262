// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Turns the files of a desired-state folder into a checked ``LoadedState``, or into all its
/// issues at once.
///
/// Order: `kafclaw.yaml`, then `kafclaw.d/*.yaml` by name (add only), then `hosts/NAME.yaml`
/// (change), then the environment (change).
public struct DesiredStateLoader: Sendable {
  public static let mainFile = "kafclaw.yaml"
  /// The only files and folders that are read; everything else in the repository is ignored.
  public static let entries = [mainFile, "kafclaw.d", "hosts", "workspace", "skills"]

  private let host: String?
  private let overrides: EnvironmentOverrides

  public init(host: String?, overrides: EnvironmentOverrides) {
    self.host = host
    self.overrides = overrides
  }

  public func load(_ tree: SourceTree) -> LoadOutcome {
    let base = base(of: tree)
    let outcome = loadOne(tree, base)
    let others = issuesOfOtherHosts(tree, base)
    guard !others.isEmpty else { return outcome }
    switch outcome {
    case .valid(let state): return .invalid(unique(others + state.warnings))
    case .invalid(let issues): return .invalid(unique(others + issues))
    }
  }

  private func loadOne(_ tree: SourceTree, _ base: Base) -> LoadOutcome {
    var issues = base.issues
    guard let document = assemble(tree, base, &issues) else { return .invalid(issues.sorted()) }
    var decoding = SpecDecoding(of: document)
    let spec = ApplianceSpec.decode(document, at: .root, into: &decoding)
    issues += decoding.issues
    guard let spec, issues.isEmpty else { return .invalid(unique(issues)) }
    let skills = files(in: "skills/", of: tree)
    let findings = SemanticRules.issues(
      spec: spec, skills: skills, provenance: decoding.provenance)
    let warnings = PendingMechanism.issues(spec: spec, provenance: decoding.provenance)
    guard !findings.contains(where: { $0.severity == .error }) else {
      return .invalid(unique(findings + warnings))
    }
    return .valid(
      LoadedState(
        spec: spec, provenance: decoding.provenance,
        workspace: files(in: "workspace/", of: tree), skills: skills,
        warnings: unique(findings + warnings)))
  }

  /// A commit that breaks another host of the fleet is refused here too: its errors that stand in
  /// that host's overlay.
  private func issuesOfOtherHosts(_ tree: SourceTree, _ base: Base) -> [ValidationIssue] {
    let others = tree.files.keys.filter { isHostFile($0) && $0 != hostFile }
    return others.flatMap { path -> [ValidationIssue] in
      let name = String(path.dropFirst("hosts/".count).dropLast(".yaml".count))
      let loader = DesiredStateLoader(host: name, overrides: .none)
      guard case .invalid(let issues) = loader.loadOne(tree, base) else { return [] }
      return issues.filter { $0.file == path && $0.severity == .error }
    }
  }

  /// Main file and fragments, which every host has in common.
  private struct Base {
    /// `nil` when there is no main file that can be read.
    var document: DocumentNode?
    var issues: [ValidationIssue] = []
  }

  private func base(of tree: SourceTree) -> Base {
    var base = Base()
    guard let main = tree.files[Self.mainFile] else {
      base.issues = [
        ValidationIssue(
          origin: .file(path: Self.mainFile, line: 0, column: 0), path: "", rule: "missing",
          message: "there is no \(Self.mainFile) here", hint: "kafclaw init DIR makes one")
      ]
      return base
    }
    base.issues = misplacedFiles(tree)
    let root = read(main, Self.mainFile, &base.issues)
    let fragments = tree.files.keys.filter(isFragment).sorted().compactMap { path in
      tree.files[path].flatMap { read($0, path, &base.issues) }
    }
    var merge = DocumentMerge()
    base.document = root.map { merge.merge(fragments, over: $0, mode: .fragment) }
    base.issues += merge.issues
    return base
  }

  private func assemble(
    _ tree: SourceTree, _ base: Base, _ issues: inout [ValidationIssue]
  ) -> DocumentNode? {
    guard tree.files[Self.mainFile] != nil else { return nil }
    var merge = DocumentMerge()
    var root = base.document
    if let overlay = overlay(tree, &issues) {
      root = root.map { merge.merge([overlay], over: $0, mode: .overlay) }
    }
    issues += merge.issues
    return root.map { merge.merge([overrides.document], over: $0, mode: .overlay) }
  }

  private func overlay(_ tree: SourceTree, _ issues: inout [ValidationIssue]) -> DocumentNode? {
    guard let hostFile else { return nil }
    guard let file = tree.files[hostFile] else {
      if tree.files.keys.contains(where: isHostFile) { issues.append(missingOverlay(hostFile)) }
      return nil
    }
    return read(file, hostFile, &issues)
  }

  /// In a repository with overlays a host without one is most likely a misspelt name.
  private func missingOverlay(_ path: String) -> ValidationIssue {
    ValidationIssue(
      origin: .file(path: path, line: 0, column: 0), path: "", rule: "missing",
      message: "there is no overlay for this host, but there are others",
      hint: "check `host` in appliance.yaml, or add \(path)")
  }

  private var hostFile: String? { host.map { "hosts/\($0).yaml" } }

  /// Files that look as if they had an effect and would be ignored.
  private func misplacedFiles(_ tree: SourceTree) -> [ValidationIssue] {
    tree.files.keys.compactMap { path in
      let isInside = path.hasPrefix("kafclaw.d/") || path.hasPrefix("hosts/")
      guard isInside, !isFragment(path), !isHostFile(path), !path.hasSuffix(".md") else {
        return nil
      }
      return ValidationIssue(
        origin: .file(path: path, line: 0, column: 0), path: "", rule: "misplaced-file",
        message: "this file would not be read",
        hint: "only NAME.yaml directly in kafclaw.d/ and hosts/ is")
    }
  }

  private func isFragment(_ path: String) -> Bool { isYAML(path, in: "kafclaw.d") }

  private func isHostFile(_ path: String) -> Bool { isYAML(path, in: "hosts") }

  private func isYAML(_ path: String, in folder: String) -> Bool {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    return parts.count == 2 && parts[0].elementsEqual(folder.utf8) && path.hasSuffix(".yaml")
  }

  private func read(
    _ file: SourceTree.File, _ path: String, _ issues: inout [ValidationIssue]
  ) -> DocumentNode? {
    let document = YAMLDocumentReader.read(file.bytes, file: path)
    issues += document.issues
    guard let node = document.node else {
      if document.issues.isEmpty {
        issues.append(.syntax(.file(path: path, line: 1, column: 1), "the file is empty"))
      }
      return nil
    }
    guard case .mapping = node.content else {
      issues.append(.syntax(node.origin, "expected a mapping, found \(node.kindName)"))
      return nil
    }
    return node
  }

  private func files(
    in folder: String, of tree: SourceTree
  ) -> [String: SourceTree.File] {
    var files: [String: SourceTree.File] = [:]
    for (path, file) in tree.files where path.hasPrefix(folder) {
      files[String(path.dropFirst(folder.count))] = file
    }
    return files
  }

  private func unique(_ issues: [ValidationIssue]) -> [ValidationIssue] {
    Array(Set(issues)).sorted()
  }
}
