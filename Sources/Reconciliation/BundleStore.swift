// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO
import FoundationEssentials
public import GitSource
public import Planning
public import Provenance
import SodiumCrypto

/// A desired state that was applied, whole: going back needs no repository.
public struct AppliedBundle: Sendable, Codable, Equatable {
  public let revision: GitRevision?
  public let source: Plan.Source
  public let state: LoadedState
  /// The signed commit, to be judged again when signers change.
  public let evidence: CommitEvidence?

  public init(
    revision: GitRevision?, source: Plan.Source, state: LoadedState,
    evidence: CommitEvidence? = nil
  ) {
    self.revision = revision
    self.source = source
    self.state = state
    self.evidence = evidence
    digest = Self.digest(of: state)
  }

  /// What the state asks for, whatever commit it came under.
  public let digest: Digest

  private static func digest(of state: LoadedState) -> Digest {
    var value: [String: JSONValue] = [
      "spec": state.effective, "workspace": digests(state.workspace),
    ]
    // Without skills the digest is what it was before there were any.
    if !state.skills.isEmpty { value["skills"] = digests(state.skills) }
    return SHA256.digest(.object(value))
  }

  private static func digests(_ files: [String: SourceTree.File]) -> JSONValue {
    .object(
      files.mapValues { file in
        [
          "digest": .string(SHA256.digest(file.bytes).rawValue),
          "executable": .bool(file.isExecutable),
        ]
      })
  }

  private enum CodingKeys: String, CodingKey {
    case revision, source, state, evidence
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      revision: try container.decodeIfPresent(GitRevision.self, forKey: .revision),
      source: try container.decode(Plan.Source.self, forKey: .source),
      state: try container.decode(LoadedState.self, forKey: .state),
      evidence: try container.decodeIfPresent(CommitEvidence.self, forKey: .evidence))
  }
}

/// The applied bundle and an archive of it and the ones before.
public struct BundleStore: Sendable {
  /// Bundles that `rollback` can go back to.
  static let kept = 10
  private static let limit = 64 << 20
  private let paths: AppliancePaths

  public init(_ paths: AppliancePaths) {
    self.paths = paths
  }

  /// The state that was applied last; `nil` before the first.
  public func current() throws -> AppliedBundle? { try read(paths.bundle) }

  /// ``current()``, with `nil` for one that is damaged: it is replaced by the next good one.
  func readable() -> AppliedBundle? { readable(paths.bundle) }

  private func readable(_ path: String) -> AppliedBundle? {
    // `try?`: one that is damaged is as good as none here.
    (try? read(path)) ?? nil
  }

  /// Keeps a bundle as the applied one; the archive gets it first.
  ///
  /// - Parameter kept: A file of the archive that stays, however old.
  /// - Returns: Its file in the archive.
  func store(_ bundle: AppliedBundle, serial: Int, keeping kept: String?) throws -> String {
    if readable() == bundle, let file = try file(of: bundle.digest) { return file }
    let bytes = try ApplianceJSON.encode(bundle)
    let number = String(serial)
    let name = String(repeating: "0", count: max(0, 10 - number.count)) + number
    try PrivateFolder.create(paths.bundles)
    try DurableFile.replace("\(paths.bundles)/\(name).json", with: bytes)
    try DurableFile.replace(paths.bundle, with: bytes)
    for old in try names().dropLast(Self.kept) where old != kept {
      try DurableFile.removeIfPresent("\(paths.bundles)/\(old)")
    }
    return "\(name).json"
  }

  /// The newest archived bundle that asks for this.
  func file(of desired: Digest) throws -> String? {
    try names().reversed().first { readable("\(paths.bundles)/\($0)")?.digest == desired }
  }

  /// The bundle to go back to: the newest one of a commit or tree that begins with `name`, or
  /// without one the newest that asks for something else than the current one.
  ///
  /// - Throws: `reconciler.no-bundle`.
  public func find(_ name: String?) throws -> (file: String, bundle: AppliedBundle) {
    let present = readable()?.digest
    var found: (file: String, bundle: AppliedBundle)?
    for file in try names().reversed() {
      guard let bundle = readable("\(paths.bundles)/\(file)") else { continue }
      if let name {
        let ids = [bundle.revision?.commit, bundle.revision?.tree, bundle.digest.rawValue]
        if name.utf8.count >= 4, ids.contains(where: { $0?.hasPrefix(name) == true }) {
          guard found == nil || found?.bundle.digest == bundle.digest else {
            throw ApplianceError(
              .noBundle, "\"\(name)\" names more than one stored state",
              hint: "give more of the commit's digits")
          }
          found = found ?? (file, bundle)
        }
      } else if bundle.digest != present {
        return (file, bundle)
      }
    }
    if let found { return found }
    throw ApplianceError(
      .noBundle,
      name.map { "no stored state has the commit or tree \"\($0)\"" }
        ?? "there is no earlier state to go back to",
      hint: "kafclaw history; the last \(Self.kept) states are kept")
  }

  func named(_ file: String) throws -> AppliedBundle? {
    guard !file.contains("/") else { return nil }
    return try read("\(paths.bundles)/\(file)")
  }

  private func names() throws -> [String] {
    try PrivateFolder.names(in: paths.bundles).filter { $0.hasSuffix(".json") }.sorted()
  }

  private func read(_ path: String) throws -> AppliedBundle? {
    guard let bytes = try DurableFile.readIfPresent(path, limit: Self.limit) else { return nil }
    do {
      return try ApplianceJSON.decode(AppliedBundle.self, from: bytes)
    } catch let error as ApplianceError {
      throw ApplianceError(
        .reconcilerState, "\"\(path)\" is damaged: \(error.message)",
        hint: "restore it from a backup, or move it away to adopt what is running")
    }
  }
}

extension ApplianceError.Code {
  /// No stored desired state fits.
  public static let noBundle = Self("reconciler.no-bundle")
}
