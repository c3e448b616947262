// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import ControlAPI
public import DurableIO
public import FoundationEssentials
public import Planning

extension ApplianceError.Code {
  /// A file of the reconciler's own state cannot be understood.
  public static let reconcilerState = Self("reconciler.state")
}

/// What was applied last: the owned fields of every resource, and from which commit.
public struct AppliedState: Sendable, Codable, Equatable {
  public var formatVersion = 1
  /// Counts applies that changed something.
  public var serial = 0
  public var resources: [String: ResourceFields] = [:]
  public var revisions = ApplianceStatus.Revisions()
  /// Tree of the applied commit's desired-state folder.
  public var appliedTree: String?
  /// Addresses that the applied state protects from deletion.
  public var protected: [String]?
  public var appliedAt: Date?

  public init() {}

  var byAddress: [ResourceAddress: ResourceFields] {
    Dictionary(
      resources.compactMap { text, fields in ResourceAddress(text).map { ($0, fields) } },
      uniquingKeysWith: { first, _ in first })
  }
}

/// The reconciler's files; each is replaced as a whole.
public struct ReconcilerFiles: Sendable {
  private static let limit = 64 << 20
  private let paths: AppliancePaths

  public init(_ paths: AppliancePaths) {
    self.paths = paths
  }

  /// The record, empty on a host where nothing was applied.
  ///
  /// - Throws: `reconciler.state` when it is damaged: guessing would take every resource for new.
  public func appliedState() throws -> AppliedState {
    let state = try read(AppliedState.self, paths.appliedState) ?? AppliedState()
    guard (0..<1 << 52).contains(state.serial), state.byAddress.count == state.resources.count
    else {
      throw ApplianceError(
        .reconcilerState, "\"\(paths.appliedState)\" has an impossible serial or address",
        hint: "restore it from a backup, or move it away to adopt what is running")
    }
    return state
  }

  /// What the loop remembers; empty at first.
  ///
  /// - Throws: `reconciler.state` when it is damaged: a forgotten hold or quarantine would apply
  ///   what was to be kept away.
  public func loopState() throws -> LoopState {
    try read(LoopState.self, paths.loopState) ?? LoopState()
  }

  func write(_ state: LoopState) throws {
    try DurableFile.replace(paths.loopState, with: ApplianceJSON.encode(state, pretty: true))
  }

  func write(_ state: AppliedState) throws {
    try DurableFile.replace(paths.appliedState, with: ApplianceJSON.encode(state, pretty: true))
  }

  private func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
    guard let bytes = try DurableFile.readIfPresent(path, limit: Self.limit) else { return nil }
    do {
      return try ApplianceJSON.decode(type, from: bytes)
    } catch let error as ApplianceError {
      throw ApplianceError(
        .reconcilerState, "\"\(path)\" is damaged: \(error.message)",
        hint: "restore it from a backup, or move it away to adopt what is running")
    }
  }
}
