// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Glibc

/// What the files of an ssh server say (sshd_config(5)): the first value of a keyword counts, files
/// are included where they are named, and what stands under `Match` counts for some connections.
struct SSHDConfiguration: Sendable, Equatable {
  struct Setting: Sendable, Equatable {
    /// In lower case.
    let keyword: String
    /// In lower case.
    let value: String
    /// File and line.
    let place: String
  }

  /// For every connection: the first value of each keyword, `Match all` before the rest.
  private(set) var settings: [String: Setting] = [:]
  /// For the connections that a `Match` speaks of, in the order of the files.
  private(set) var conditional: [Setting] = []
  /// What could not be followed, and why.
  private(set) var unread: [String] = []

  private enum Scope {
    case global
    case all
    case some
  }

  private var forAll: [String: Setting] = [:]
  private var fileCount = 0
  private static let fileLimit = 256
  private static let depthLimit = 16
  private static let places = ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"]

  /// - Returns: `nil` where there is no ssh server.
  /// - Throws: `io.*` when its first file cannot be read.
  static func read(_ system: SystemFiles) throws -> SSHDConfiguration? {
    guard let path = try places.first(where: system.isPresent) else { return nil }
    var configuration = SSHDConfiguration()
    try configuration.read(path, system, .global, depth: 0)
    configuration.settings.merge(configuration.forAll) { _, all in all }
    return configuration
  }

  /// What holds for every connection.
  ///
  /// - Parameter standard: sshd's default.
  func value(_ keyword: String, standard: String) -> Setting {
    settings[keyword.lowercased()]
      ?? Setting(keyword: keyword.lowercased(), value: standard, place: "sshd's default")
  }

  private mutating func read(
    _ path: String, _ system: SystemFiles, _ outer: Scope, depth: Int
  ) throws {
    fileCount += 1
    guard depth <= Self.depthLimit, fileCount <= Self.fileLimit else {
      return unread.append("\(path) is included too deeply, or there are too many files")
    }
    // A `Match` ends with its file.
    var scope = outer
    let lines = (try system.text(path) ?? "").split(omittingEmptySubsequences: false) {
      $0 == "\n" || $0 == "\r\n"
    }
    for (index, line) in lines.enumerated() {
      guard let (keyword, arguments) = Self.words(line) else { continue }
      let place = "\(VisibleText.escape(path)):\(index + 1)"
      switch keyword {
      case "match": scope = outer == .some ? .some : Self.scope(of: arguments)
      case "include": for pattern in arguments { include(pattern, system, scope, depth, place) }
      default:
        let value = arguments.first?.lowercased() ?? ""
        take(Setting(keyword: keyword, value: value, place: place), scope)
      }
    }
  }

  private mutating func take(_ setting: Setting, _ scope: Scope) {
    switch scope {
    case .global: settings[setting.keyword] = settings[setting.keyword] ?? setting
    case .all: forAll[setting.keyword] = forAll[setting.keyword] ?? setting
    case .some: conditional.append(setting)
    }
  }

  private static func scope(of arguments: [String]) -> Scope {
    arguments.first?.lowercased() == "all" ? .all : .some
  }

  // MARK: Other files

  /// Files that a pattern names, sorted by name, as glob(7) does; only the last part may be one.
  private mutating func include(
    _ pattern: String, _ system: SystemFiles, _ scope: Scope, _ depth: Int, _ place: String
  ) {
    let full = pattern.hasPrefix("/") ? pattern : "/etc/ssh/\(pattern)"
    let slash = full.lastIndex(of: "/") ?? full.startIndex
    let (folder, name) = (String(full[..<slash]), String(full[slash...].dropFirst()))
    guard !folder.contains(where: "*?[".contains) else {
      return unread.append("\(place) includes \(Quoted(pattern)), which is not followed here")
    }
    do {
      let names = try system.names(in: folder)
      for found in names where fnmatch(name, found, FNM_PERIOD) == 0 {
        try read("\(folder)/\(found)", system, scope, depth: depth + 1)
      }
    } catch {
      unread.append(ApplianceError.of(error).message)
    }
  }

  // MARK: Words

  /// Keyword in lower case and arguments of a line; `nil` of an empty one or a comment.
  static func words(_ line: Substring) -> (keyword: String, arguments: [String])? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\"" || character == "'" {
        (quote, word) = (character, word ?? "")
      } else if character.isWhitespace || (character == "=" && words.isEmpty) {
        if let ended = word { words.append(ended) }
        word = nil
      } else if character == "#", word == nil {
        break
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    guard let keyword = words.first else { return nil }
    let arguments = words.dropFirst().drop { $0 == "=" }
    return (keyword.lowercased(), arguments.map { $0 })
  }
}
