// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DurableIO
public import FoundationEssentials
public import SodiumCrypto

/// A secret that was seen in a message: whoever wrote it may use it.
public struct SecretExposure: Sendable, Codable, Equatable {
  public let name: String
  /// When it was seen first.
  public let seen: Date
  /// Of the value that was seen: another value is another secret.
  public let hash: SlowHash
}

/// The secrets that were seen in messages and have to be rotated. Names, times and slow hashes; no
/// value. One process writes it.
public struct SecretExposures: Sendable {
  private struct Content: Codable {
    var formatVersion = 1
    var exposures: [SecretExposure] = []
  }

  private static let limit = 1 << 20
  /// The newest are kept.
  private static let count = 1_000
  private let path: String

  public init(_ paths: AppliancePaths) { path = paths.exposures }

  /// - Throws: When the file cannot be read: then nobody knows.
  public func read() throws -> [SecretExposure] { try content().exposures }

  /// Durable on return. What is known already is not added.
  public func add(_ name: String, _ value: SecretValue, at now: Date) throws {
    var content = try content()
    let known = content.exposures.filter { $0.name == name }
    guard !known.contains(where: { $0.hash.matches(value) }) else { return }
    content.exposures.append(
      SecretExposure(name: name, seen: now, hash: try SlowHash(of: value)))
    content.exposures = content.exposures.suffix(Self.count)
    try DurableFile.replace(path, with: try ApplianceJSON.encode(content), mode: 0o600)
  }

  /// Those whose values are still in use: the others were rotated, or removed.
  ///
  /// - Parameter live: Of one name the newest last.
  public static func unchanged(
    _ exposures: [SecretExposure], in live: [(name: String, value: SecretValue)]
  ) -> [SecretExposure] {
    exposures.filter { exposure in
      live.last { $0.name == exposure.name }.map { exposure.hash.matches($0.value) } ?? false
    }
  }

  private func content() throws -> Content {
    guard let bytes = try DurableFile.readIfPresent(path, limit: Self.limit) else {
      return Content()
    }
    return try ApplianceJSON.decode(Content.self, from: bytes)
  }
}
