// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// The files of one desired-state folder, read whole and within limits.
///
/// It does not matter where they came from: a work tree in review, a commit's tree objects, a
/// pushed bundle.
public struct SourceTree: Sendable, Codable, Equatable {
  public struct File: Sendable, Codable, Equatable {
    public let bytes: [UInt8]
    public let isExecutable: Bool

    public init(bytes: [UInt8], isExecutable: Bool = false) {
      self.bytes = bytes
      self.isExecutable = isExecutable
    }

    private enum CodingKeys: String, CodingKey {
      case bytes, isExecutable
    }

    /// The bytes are Base64 on the wire.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      bytes = [UInt8](try container.decode(Data.self, forKey: .bytes))
      isExecutable = try container.decode(Bool.self, forKey: .isExecutable)
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(Data(bytes), forKey: .bytes)
      try container.encode(isExecutable, forKey: .isExecutable)
    }
  }

  /// By path relative to the folder, `/` between components.
  public var files: [String: File]

  public init(files: [String: File] = [:]) {
    self.files = files
  }
}

/// What a desired-state folder may hold; beyond it nothing is read.
public enum SourceLimits {
  /// One file. Bytes.
  public static let fileBytes = 1 << 20
  /// All files together. Bytes.
  public static let totalBytes = 16 << 20
  public static let fileCount = 2_000
  /// Folders below each other.
  public static let pathDepth = 16
  /// YAML collections inside each other.
  public static let documentDepth = 32
  /// One scalar. Bytes.
  public static let scalarBytes = 256 << 10
}

extension ApplianceError.Code {
  /// A name, mode or size in the desired-state folder is not allowed.
  public static let sourceRefused = Self("source.refused")
}

/// Names that a desired-state folder may use, the same for work trees and commits.
public enum SourceName {
  /// - Throws: `source.refused` for anything but plain visible names: composed (NFC), without control
  ///   characters, no `.git` or `.gitmodules` in any spelling, nothing that a shell or another file
  ///   system would read differently.
  public static func require(_ name: String, in folder: String) throws {
    let shown = folder.isEmpty ? name : folder + "/" + name
    let isPlain = name.unicodeScalars.allSatisfy { scalar in
      !VisibleText.isInvisible(scalar) && scalar != "/" && scalar != "\\" && scalar != ":"
    }
    guard isPlain, !name.isEmpty, name.utf8.count <= 255 else {
      throw refused(shown, "has a character that is not allowed in names")
    }
    guard name != ".", name != "..", name.utf8.first != UInt8(ascii: "-"), !joinsTheSlash(name)
    else {
      throw refused(shown, "is not an allowed name")
    }
    guard isComposed(name) else {
      throw refused(shown, "is not in Unicode's composed form (NFC)")
    }
    let bare = withoutEnd(name)
    guard bare != ".git", !bare.hasPrefix("git~") else {
      throw refused(shown, "looks like a git folder")
    }
    guard !isModules(name) else { throw refused(shown, "asks for submodules") }
  }

  /// What two names of one folder must not share: some file systems do not tell case apart.
  /// Comparing the results also makes accents equal, however they are written.
  public static func folded(_ name: String) -> String {
    // Upper case first: it makes "ß" and "ſ" what they are folded to (Unicode, CaseFolding.txt).
    name.uppercased().lowercased()
  }

  /// Whether git takes a file of this name for its list of submodules.
  public static func isModules(_ name: String) -> Bool {
    let bare = withoutEnd(name)
    return bare == ".gitmodules" || bare.hasPrefix("gitmod~")
  }

  /// In lower case, without the dots and spaces at the end that NTFS and HFS+ ignore.
  private static func withoutEnd(_ name: String) -> String {
    var bare = name.lowercased()
    while bare.hasSuffix(".") || bare.hasSuffix(" ") { bare.removeLast() }
    return bare
  }

  /// Whether the name is written as Unicode composes it, so that it has one spelling only.
  private static func isComposed(_ name: String) -> Bool {
    if name.utf8.allSatisfy({ $0 < 0x80 }) { return true }
    return name.unicodeScalars.elementsEqual(
      name.precomposedStringWithCanonicalMapping.unicodeScalars)
  }

  /// A name that begins with a combining mark: after a slash the two would be one character, and
  /// code that looks for slashes by characters would not see it.
  private static func joinsTheSlash(_ name: String) -> Bool {
    name.unicodeScalars.first?.properties.isGraphemeExtend == true
  }

  private static func refused(_ path: String, _ why: String) -> ApplianceError {
    ApplianceError(.sourceRefused, "\"\(VisibleText.escape(path))\" \(why)")
  }
}
