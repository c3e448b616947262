// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox

/// Replaces a passage of one text file.
struct EditFileTool: Tool {
  /// The largest file, before and after. Bytes.
  static let limit = WriteFileTool.limit

  let name = ToolName.editFile
  let isIdempotent = false
  let taint: TaintSource? = nil
  let summary = """
    Replaces a passage of a text file. The old text must stand in the file exactly once, unless \
    all is true.
    """
  let inputs = ToolInputs(
    .text("path", "Relative path of the file."),
    .text("old", "The passage as it stands, with its white space.", limit: EditFileTool.limit),
    .text("new", "What comes in its place.", limit: EditFileTool.limit),
    .flag("all", "Replace every occurrence."))

  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    let arguments = try inputs.read(arguments)
    let target = try context.folders.resolveForWriting(try arguments.required("path"))
    let old = Array(try arguments.required("old").utf8)
    let new = Array(try arguments.required("new").utf8)
    let file = try ConfinedFile(target.path, in: target.folder)
    let content = try file.read(limit: Self.limit)
    guard String(validating: content.bytes, as: UTF8.self) != nil else {
      throw ApplianceError(.toolArguments, "\"\(target.path)\" is not UTF-8 text")
    }
    let places = try Self.places(of: old, in: content.bytes, all: arguments.flag("all"))
    try file.replace(
      content, with: Self.replaced(content.bytes, at: places, old.count, by: new))
    return places.count == 1
      ? "replaced one passage in \(target.path)"
      : "replaced \(places.count) passages in \(target.path)"
  }

  /// Where the passage begins, one after the other and not overlapping.
  static func places(of old: [UInt8], in bytes: [UInt8], all: Bool) throws -> [Int] {
    guard !old.isEmpty else { throw ApplianceError(.toolArguments, "argument \"old\" is empty") }
    let places = ByteSearch(old).places(in: bytes)
    guard !places.isEmpty else {
      throw ApplianceError(.toolArguments, "the text of \"old\" is not in the file")
    }
    guard all || places.count == 1 else {
      throw ApplianceError(
        .toolArguments,
        "the text of \"old\" is in the file \(places.count) times; add text around it or set all")
    }
    return places
  }

  /// - Throws: `tool.arguments` when the result is over ``limit``.
  static func replaced(
    _ bytes: [UInt8], at places: [Int], _ length: Int, by new: [UInt8]
  ) throws -> [UInt8] {
    let size = bytes.count + places.count * (new.count - length)
    guard size <= limit else {
      throw ApplianceError(.toolArguments, "the file would be over \(limit) bytes")
    }
    var result: [UInt8] = []
    result.reserveCapacity(size)
    var end = 0
    for place in places {
      result += bytes[end..<place]
      result += new
      end = place + length
    }
    return result + bytes[end...]
  }
}
