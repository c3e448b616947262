// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DurableIO
import Foundation
import SodiumCrypto

/// A folder in which a snapshot is restored for a while. What a process left that is gone is removed by
/// the next one: it is a whole appliance, in plain text.
public final class ScratchFolder {
  public enum Purpose: String, CaseIterable, Sendable {
    case drill
    case verify
    case rows
  }

  private static let digits = 16

  /// Where a host has such folders: private, and on the disk of the appliance.
  public static func parent(_ paths: AppliancePaths) throws -> String {
    try PrivateFolder.create(paths.backupStaging)
    return paths.backupStaging
  }

  private static func base(_ parent: String) -> String { parent + "/kafclaw-scratch" }

  public let path: String
  private let lock: FileLock

  /// - Parameter parent: In it a folder of its own is made, in which nobody else has anything.
  public init(in parent: String, for purpose: Purpose) throws {
    let base = Self.base(parent)
    try PrivateFolder.create(base)
    try PrivateFolder.requireTrusted(base)
    Self.removeAbandoned(in: parent)
    path = "\(base)/\(purpose.rawValue)-\(SecureRandom.hexadecimal(bytes: Self.digits / 2))"
    // Before the folder is there it is seen to be somebody's.
    lock = try FileLock(acquiring: path + ".lock", purpose: "kafclaw backup \(purpose.rawValue)")
    try PrivateFolder.create(path)
  }

  /// A file beside it, which what runs in the folder cannot reach.
  public var answer: String { path + ".answer" }

  /// Removes it with everything in it.
  public func remove() {
    for end in ["", ".answer", ".lock"] {
      // `try?`: what is left over is private, and removed by the next one.
      try? FileManager.default.removeItem(atPath: path + end)
    }
  }

  /// Removes what processes left in a folder that are gone.
  static func removeAbandoned(in parent: String) {
    let base = base(parent)
    // `try?`: what cannot be seen or removed stays, as it did before.
    for name in (try? PrivateFolder.names(in: base)) ?? [] where name.hasSuffix(".lock") {
      let folder = String(name.dropLast(".lock".count))
      // `try?`: as above.
      guard isOwn(folder), (try? FileLock.isHeld("\(base)/\(name)")) == false else { continue }
      for end in ["", ".answer", ".lock"] {
        // `try?`: as above.
        try? FileManager.default.removeItem(atPath: "\(base)/\(folder)\(end)")
      }
    }
  }

  private static func isOwn(_ name: String) -> Bool {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 2 && Purpose(rawValue: String(parts[0])) != nil
      && parts[1].utf8.count == digits
      && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
