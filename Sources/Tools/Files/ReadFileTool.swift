// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox

/// Reads one text file, or some lines of it.
struct ReadFileTool: Tool {
  /// The largest file that is read, whatever of it is wanted. Bytes.
  static let limit = 4 << 20
  /// Shown at once. Bytes.
  static let shown = ToolOutput.limit - 128

  let name = ToolName.readFile
  let isIdempotent = true
  let taint: TaintSource? = .files
  let summary = """
    Reads a text file (UTF-8) of the workspace, or below work-repo/ of the work repo. \
    Shows at most 64 KiB at once; offset and limit choose lines.
    """
  let inputs = ToolInputs(
    .text("path", "Relative path of the file."),
    .integer("offset", "First line, from 1.", 1...Int64(Int32.max)),
    .integer("limit", "Number of lines.", 1...Int64(Int32.max)))

  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    let arguments = try inputs.read(arguments)
    let target = context.folders.resolve(try arguments.required("path"))
    let content = try ConfinedFile(target.path, in: target.folder).read(limit: Self.limit)
    guard let text = String(validating: content.bytes, as: UTF8.self) else {
      throw ApplianceError(.toolArguments, "\"\(target.path)\" is not UTF-8 text")
    }
    let first = Int(arguments.integer("offset") ?? 1)
    let count = arguments.integer("limit").map { Int($0) } ?? .max
    return try Self.lines(of: text, from: first, count: count)
  }

  /// - Parameter first: From 1.
  static func lines(of text: String, from first: Int, count: Int) throws -> String {
    if first == 1 && count == .max && text.utf8.count <= shown { return text }
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // A file that ends with a line end has no line after it.
    let total = text.utf8.last == UInt8(ascii: "\n") ? lines.count - 1 : lines.count
    guard first <= max(total, 1) else {
      throw ApplianceError(.toolArguments, "the file has \(total) lines; offset is \(first)")
    }
    let wanted = lines[(first - 1)...].prefix(min(count, total - first + 1))
    let (shown, size) = fitting(wanted)
    if shown == 0, let line = wanted.first {
      let beginning = ToolOutput.beginning(of: String(Substring(line)), bytes: Self.shown)
      return "\(beginning)\n[line \(first) has \(line.count) bytes; the rest is left out]"
    }
    let kept = wanted.prefix(shown).map { String(Substring($0)) }.joined(separator: "\n")
    if shown == wanted.count { return kept }
    let left = wanted.reduce(0) { $0 + $1.count + 1 } - size
    return "\(kept)\n[\(left) bytes are left out; line \(first + shown) comes next]"
  }

  /// How many of the lines fit, and their bytes with the line ends.
  private static func fitting(_ lines: ArraySlice<Substring.UTF8View>) -> (count: Int, size: Int) {
    var (count, size) = (0, 0)
    for line in lines {
      guard size + line.count + 1 <= shown else { break }
      (count, size) = (count + 1, size + line.count + 1)
    }
    return (count, size)
  }
}
