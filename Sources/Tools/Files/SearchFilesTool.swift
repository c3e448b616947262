// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox

/// Finds files by name, or lines by text. No regular expressions: their time cannot be bounded.
struct SearchFilesTool: Tool {
  /// Results.
  static let limit = 200

  let name = ToolName.searchFiles
  let isIdempotent = true
  let taint: TaintSource? = .files
  let summary = """
    Searches the files below a folder of the workspace, or below work-repo/ of the work repo: for \
    lines that contain a fixed text, for names that match a pattern, or for both. Gives at most \
    200 results. Links, binary files and .git are left out.
    """
  let inputs = ToolInputs(
    .text(
      "text", "The text to find in lines, not a regular expression.", limit: 1_024,
      isRequired: false),
    .text(
      "name", "Pattern of file names: * is any text, ? is any one character.", limit: 256,
      isRequired: false),
    .text("path", "The folder to search; the workspace if left out.", isRequired: false),
    .flag("ignore_case", "Take A to Z like a to z."))

  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    let arguments = try inputs.read(arguments)
    let path = arguments.text("path") ?? ""
    let target = context.folders.resolve(path)
    var search = try FileSearch(
      text: arguments.text("text"), name: arguments.text("name"),
      ignoresCase: arguments.flag("ignore_case"),
      prefix: path.isEmpty || path.utf8.last == UInt8(ascii: "/") ? path : path + "/")
    let report = try search.run(ConfinedWalk(target.path, in: target.folder))
    return search.output(report)
  }
}

/// One search and what it has found.
struct FileSearch {
  /// Shown of one line. Bytes.
  static let lineLimit = 240

  private let text: ByteSearch?
  private let name: NamePattern?
  private let ignoresCase: Bool
  private let prefix: String
  private(set) var results: [String] = []

  /// - Parameter prefix: Stands before each path that is shown.
  init(text: String?, name: String?, ignoresCase: Bool, prefix: String) throws {
    guard text != nil || name != nil else {
      throw ApplianceError(.toolArguments, "argument \"text\" or \"name\" is missing")
    }
    for (argument, value) in [("text", text), ("name", name)] {
      guard value?.isEmpty != true else {
        throw ApplianceError(.toolArguments, "argument \"\(argument)\" is empty")
      }
    }
    guard name?.utf8.contains(UInt8(ascii: "/")) != true else {
      throw ApplianceError(.toolArguments, "argument \"name\" has a slash; use \"path\"")
    }
    let bytes = text.map { Array($0.utf8) }
    guard bytes?.contains(UInt8(ascii: "\n")) != true else {
      throw ApplianceError(.toolArguments, "argument \"text\" has more than one line")
    }
    self.text = bytes.map { ByteSearch(ignoresCase ? ByteSearch.folded($0) : $0) }
    self.name = name.map { NamePattern($0, ignoresCase: ignoresCase) }
    (self.ignoresCase, self.prefix) = (ignoresCase, prefix)
  }

  mutating func run(_ walk: consuming ConfinedWalk) throws -> ConfinedWalk.Report {
    let (pattern, isNameOnly) = (name, text == nil)
    var found: [String] = []
    let report = try walk.run { path, name in
      guard pattern?.matches(name) != false, found.count < SearchFilesTool.limit else {
        return false
      }
      // A name alone is enough; the file need not be opened.
      if isNameOnly { found.append(shown(path)) }
      return !isNameOnly
    } _: { path, bytes in
      found += lines(of: bytes, at: path, limit: SearchFilesTool.limit - found.count)
      return found.count < SearchFilesTool.limit
    }
    results = found
    return report
  }

  func output(_ report: ConfinedWalk.Report) -> String {
    var lines = results
    if results.isEmpty { lines.append("(nothing found)") }
    if results.count >= SearchFilesTool.limit { lines.append("[there may be more results]") }
    if let limit = report.limit { lines.append("[the search ended early, after \(limit)]") }
    if report.skipped > 0 {
      lines.append("[\(report.skipped) files or folders could not be looked into]")
    }
    return lines.joined(separator: "\n")
  }

  /// A name with a line break must not look like two results.
  private func shown(_ path: String) -> String { VisibleText.escape(prefix + path) }

  /// `PATH:LINE: TEXT` for each line with the text, from 1.
  private func lines(of bytes: [UInt8], at path: String, limit: Int) -> [String] {
    guard let text, !bytes.contains(0) else { return [] }
    let places = text.places(in: ignoresCase ? ByteSearch.folded(bytes) : bytes)
    var results: [String] = []
    var (number, start) = (1, 0)
    for place in places where place >= start {
      guard results.count < limit else { break }
      while let end = bytes[start..<place].firstIndex(of: UInt8(ascii: "\n")) {
        (number, start) = (number + 1, end + 1)
      }
      let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let line = String(decoding: bytes[start..<end], as: UTF8.self)
      let beginning = String(ToolOutput.beginning(of: line, bytes: Self.lineLimit))
      results.append("\(shown(path)):\(number): \(VisibleText.escape(beginning))")
      (number, start) = (number + 1, end + 1)
    }
    return results
  }
}
