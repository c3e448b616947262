// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// What the tomb knows about a secret, beside its value.
public struct TombEntry: Sendable, Codable, Equatable {
  public let name: String
  /// When the entry was first set.
  public let created: Date
  public var expires: Date?
  public var purpose: String?
  /// Who may use it: `gateway`, `agent`, `source`, `supervisor`. Empty: whoever the desired state
  /// names.
  public var consumers: [String]
  /// Newest last; more than one only while the entry is being rotated.
  public internal(set) var versions: [Version]

  /// One value.
  public struct Version: Sendable, Codable, Equatable {
    public let number: Int
    public let created: Date
    /// When it stops being valid because a newer one took its place; `nil` for the newest.
    public internal(set) var until: Date?
    /// What its ciphertext is bound to, beside name and number: a number that is used again after
    /// `remove` is still another version.
    let id: String
    /// Length of the ciphertext. Bytes.
    var length: Int
  }

  public var rotated: Date { versions.last?.created ?? created }

  static let nameLimit = 128
  static let versionLimit = 8
  /// The largest value. Bytes.
  public static let valueLimit = 64 << 10

  /// - Throws: `tomb.invalid`.
  static func requireName(_ name: String) throws {
    guard isName(name) else {
      throw ApplianceError(
        .tombInvalid, "\"\(VisibleText.escape(name))\" cannot be the name of an entry",
        hint: "up to \(nameLimit) letters, digits and _ - . /")
    }
  }

  static func isName(_ name: String) -> Bool {
    name.utf8.count <= nameLimit && !name.hasPrefix("/")
      && SecretReference("tomb:\(name)") == .tomb(name)
  }

  /// What a version's number can be.
  static let numbers = 1...Int(Int32.max)

  /// Times that every form of the tomb has: to the last second of the year 9999.
  static let times = Date(timeIntervalSince1970: 0)...Date(timeIntervalSince1970: Date.limit)

  /// Whether everything in it can be.
  var isWhole: Bool {
    let dates =
      [created, expires].compactMap(\.self)
      + versions.flatMap { [$0.created, $0.until].compactMap(\.self) }
    return Self.isName(name) && (1...Self.versionLimit).contains(versions.count)
      && versions.map(\.number).allSatisfy(Self.numbers.contains)
      && zip(versions, versions.dropFirst()).allSatisfy { $0.number < $1.number }
      && versions.last?.until == nil && dates.allSatisfy(Self.times.contains)
  }

  mutating func dropVersions(endedBefore now: Date) {
    versions.removeAll { $0.until.map { $0 <= now } ?? false }
  }

  mutating func add(_ number: Int, at now: Date, until end: Date) {
    for index in versions.indices where versions[index].until == nil {
      versions[index].until = end
    }
    dropVersions(endedBefore: now)
    versions.append(
      Version(
        number: number, created: now, until: nil, id: SecureRandom.hexadecimal(bytes: 16),
        length: 0))
  }

  /// What the ciphertext of a version is bound to.
  func context(of version: Version, tomb: [UInt8], epoch: UInt32) -> [UInt8] {
    var bytes = Array("kafclaw tomb value\0".utf8) + tomb
    bytes.append(number: epoch)
    bytes += Array(version.id.utf8)
    bytes.append(number: UInt64(clamping: version.number))
    return bytes + Array(name.utf8)
  }
}
