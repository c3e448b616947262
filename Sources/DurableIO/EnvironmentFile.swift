// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// The text of an `env` file: `NAME=VALUE` on each line, optionally `export` before and one pair of
/// quotes around the value; lines that begin with `#` are comments. A value is what stands there:
/// nothing in it is expanded, and none goes on in the next line.
///
/// Values stay bytes; they are never made into texts.
public struct EnvironmentFile: Sendable {
  /// One line, with its end.
  public struct Line: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
      /// Nothing but blanks.
      case blank
      case comment
      case assignment(Assignment)
      /// Nothing that a name can be read from.
      case malformed
    }

    /// Counted from 1.
    public let number: Int
    /// Where it stands in the bytes of the file, the line feed included.
    public let range: Range<Int>
    public let content: Content

    public var assignment: Assignment? {
      if case .assignment(let assignment) = content { return assignment }
      return nil
    }
  }

  /// A name and where its value stands.
  public struct Assignment: Sendable, Equatable {
    /// Visible ASCII without blanks, not empty. Whether a reference can have it is another question.
    public let name: String
    /// Without the quotes and without blanks at the end.
    public let value: Range<Int>
  }

  /// What such a file may have. Bytes.
  public static let sizeLimit = 1 << 20

  public private(set) var bytes: [UInt8]
  /// All of the file, in order: their ranges lie end to end.
  public let lines: [Line]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var lines: [Line] = []
    var start = 0
    while start < bytes.count {
      let feed = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
      let end = feed.map { $0 + 1 } ?? bytes.count
      lines.append(
        Line(
          number: lines.count + 1, range: start..<end,
          content: Self.content(bytes[start..<(feed ?? end)])))
      start = end
    }
    self.lines = lines
  }

  /// The file at `path`; `nil` where there is none.
  ///
  /// - Throws: `io.*` when it cannot be read: that is no absence.
  public static func read(_ path: String) throws -> EnvironmentFile? {
    try DurableFile.readIfPresent(path, limit: sizeLimit).map { EnvironmentFile($0) }
  }

  /// Overwrites the bytes, as far as nobody else holds them. All lines are gone then.
  public mutating func wipe() {
    bytes.withUnsafeMutableBytes { bytes in
      if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
    }
    self = EnvironmentFile([])
  }
}

extension EnvironmentFile {
  /// The bytes of a line or a value of this file.
  public func bytes(in range: Range<Int>) -> ArraySlice<UInt8> {
    bytes[range.clamped(to: bytes.indices)]
  }

  /// What a name has: its first value that is not empty.
  public func value(of name: String) -> ArraySlice<UInt8>? {
    for line in lines {
      guard let assignment = line.assignment, assignment.name == name, !assignment.value.isEmpty
      else { continue }
      return bytes(in: assignment.value)
    }
    return nil
  }

  /// All values that the file gives a name, in its order.
  public func values(of name: String) -> [ArraySlice<UInt8>] {
    lines.compactMap { line in
      line.assignment.flatMap { $0.name == name ? bytes(in: $0.value) : nil }
    }
  }

  /// Lines that no name can be read from.
  public var malformed: [Line] { lines.filter { $0.content == .malformed } }

  /// Names that stand more than once, in the order of the file, with the numbers of their lines.
  public var repeated: [(name: String, lines: [Int])] {
    var order: [String] = []
    var numbers: [String: [Int]] = [:]
    for line in lines {
      guard let name = line.assignment?.name else { continue }
      if numbers[name] == nil { order.append(name) }
      numbers[name, default: []].append(line.number)
    }
    return order.compactMap { name in
      numbers[name].flatMap { $0.count > 1 ? (name, $0) : nil }
    }
  }

  /// The bytes without every line that gives one of these names a value; all others as they are.
  public func without(_ names: Set<String>) -> [UInt8] {
    var rest: [UInt8] = []
    rest.reserveCapacity(bytes.count)
    for line in lines {
      if let name = line.assignment?.name, names.contains(name) { continue }
      rest += bytes(in: line.range)
    }
    return rest
  }
}

extension EnvironmentFile {
  private static let export = Array("export ".utf8)

  /// - Parameter line: Without its line feed.
  private static func content(_ line: ArraySlice<UInt8>) -> Line.Content {
    var rest = line.drop(while: isBlank)
    guard !rest.isEmpty else { return .blank }
    if rest.starts(with: export) { rest = rest.dropFirst(export.count).drop(while: isBlank) }
    if rest.first == UInt8(ascii: "#") { return .comment }
    guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), equals > rest.startIndex,
      rest[..<equals].allSatisfy({ (0x21...0x7E).contains($0) })
    else { return .malformed }
    return .assignment(
      Assignment(
        name: String(decoding: rest[..<equals], as: UTF8.self),
        value: value(rest[(equals + 1)...])))
  }

  private static func value(_ text: ArraySlice<UInt8>) -> Range<Int> {
    var value = text
    while let last = value.last, isBlank(last) { value.removeLast() }
    if let quote = value.first, value.count >= 2, value.last == quote,
      quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
    {
      value = value.dropFirst().dropLast()
    }
    return value.startIndex..<value.endIndex
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
