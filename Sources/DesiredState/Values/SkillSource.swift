// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Where a skill comes from and what it has to be: `LOCATION#sha256=DIGEST`. Its name is the last part of the
/// location, without `.tar.gz` or the like.
public struct SkillSource: Sendable, Hashable {
  /// `https://HOST/PATH` or the absolute path of a folder or archive on the host.
  public let location: String
  public let name: String
  /// The pin: ``TreeDigest`` of its files.
  public let digest: Digest

  private static let mark = "#sha256="
  private static let endings = [".tar.gz", ".tgz", ".tar"]

  /// `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "#", omittingEmptySubsequences: false)
    guard parts.count == 2, text.contains(Self.mark) else { return nil }
    let hex = parts[1].dropFirst("sha256=".count)
    guard hex.utf8.count == 64, hex.utf8.allSatisfy(Hexadecimal.isDigit),
      let name = Self.name(of: String(parts[0]))
    else { return nil }
    (location, self.name) = (String(parts[0]), name)
    digest = Digest(rawValue: "sha256:" + hex)
  }

  /// As it is written.
  public var text: String { location + Self.mark + digest.rawValue.dropFirst("sha256:".count) }

  /// The same place with another pin.
  public func pinned(to digest: Digest) -> String {
    location + Self.mark + digest.rawValue.dropFirst("sha256:".count)
  }

  /// The name that a location gives a skill; `nil` where it is no location.
  public static func name(of location: String) -> String? {
    let isPath = location.hasPrefix("/")
    guard isPath || location.hasPrefix("https://"), location.utf8.count <= 2_048,
      location.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7F }),
      !location.contains("?"), !location.contains("@")
    else { return nil }
    let parts = location.dropFirst(isPath ? 0 : "https://".count).split(separator: "/")
    guard var name = parts.last.map(String.init), isPath || parts.count > 1,
      !parts.contains(".."), !parts.contains(".")
    else { return nil }
    for ending in endings where name.hasSuffix(ending) {
      name = String(name.dropLast(ending.count))
      break
    }
    return SkillName.isOne(name) ? name : nil
  }
}
