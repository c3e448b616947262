// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// Which secrets were seen in messages of senders: whoever knows one may use it, so each has to be
/// rotated. Names and times, never values.
public struct ExposureFile: Sendable {
  private struct Content: Codable {
    var formatVersion = 1
    /// Name of the secret to the latest time it was seen.
    var seen: [String: Date] = [:]
  }

  private static let limit = 1 << 20
  private let path: String

  public init(_ paths: AppliancePaths) { path = paths.exposures }

  /// - Throws: When the file cannot be read: then nobody knows.
  public func read() throws -> [String: Date] { try content().seen }

  /// Durable on return.
  public func add(_ names: [String], at now: Date) throws {
    var content = try content()
    for name in names { content.seen[name] = now }
    try DurableFile.replace(path, with: try ApplianceJSON.encode(content), mode: 0o600)
  }

  private func content() throws -> Content {
    guard let bytes = try DurableFile.readIfPresent(path, limit: Self.limit) else {
      return Content()
    }
    return try ApplianceJSON.decode(Content.self, from: bytes)
  }
}
