// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DurableIO
public import FoundationEssentials
public import Planning

/// One pass that did something, or failed in a new way.
public struct HistoryEntry: Sendable, Codable, Equatable {
  public struct Item: Sendable, Codable, Equatable {
    public let address: ResourceAddress
    public let action: Change.Action
    public let reason: Change.Reason
  }

  public let at: Date
  public let serial: Int
  public let trigger: Trigger
  public let outcome: PassOutcome.Kind
  public let commit: String?
  public let summary: String
  public let items: [Item]
  /// Why a folder was applied without verification.
  public let justification: String?
}

/// What made a pass run.
public enum Trigger: String, Sendable, Codable {
  case start
  case interval
  case componentChange = "component-change"
  case operatorRequest = "operator"
}

/// The log of passes: one JSON record a line, appended and flushed.
public struct ReconcileHistory: Sendable {
  private let path: String

  public init(_ paths: AppliancePaths) {
    path = paths.history
  }

  func append(_ entry: HistoryEntry) throws {
    try DurableFile.appendLine(try ApplianceJSON.encode(entry), to: path)
  }

  /// The newest entries, newest first.
  public func newest(_ count: Int) throws -> [HistoryEntry] {
    guard let bytes = try DurableFile.readIfPresent(path, limit: 256 << 20) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).suffix(count).reversed().compactMap { line in
      // `try?`: a line that was torn by a crash tells nothing.
      try? ApplianceJSON.decode(HistoryEntry.self, from: line)
    }
  }
}
