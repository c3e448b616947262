// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Reads a tar archive (POSIX.1-2024, "pax Interchange Format"; GNU long names): regular files and folders,
/// nothing else.
struct TarArchive {
  private static let block = 512

  private var rest: ArraySlice<UInt8>
  private var files: [String: SourceTree.File] = [:]
  private var total = 0
  /// Of the next member, from a header before it.
  private var longName: String?
  private var hasEnded = false
  private static let nameLimit = 4_096

  /// - Throws: `skill.malformed` for links, devices, names that lead out, and whatever is over a limit.
  static func files(in bytes: [UInt8]) throws -> [String: SourceTree.File] {
    var archive = TarArchive(rest: bytes[...])
    while let header = try archive.header() { try archive.take(header) }
    // What follows the end is nothing that tar would unpack, and others might.
    guard archive.hasEnded, archive.rest.allSatisfy({ $0 == 0 }) else {
      throw failure("it is cut off, or goes on after its end")
    }
    return archive.files
  }

  private init(rest: ArraySlice<UInt8>) { self.rest = rest }

  private struct Header {
    let name: String
    let size: Int
    let type: UInt8
    let isExecutable: Bool
  }

  /// The next header; `nil` at the end.
  private mutating func header() throws -> Header? {
    guard let bytes = take(Self.block) else { return nil }
    guard bytes.contains(where: { $0 != 0 }) else {
      hasEnded = true
      return nil
    }
    let fields = Array(bytes)
    // The sum of all bytes, those of the field itself as spaces.
    let sum = fields.enumerated().reduce(0) {
      $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element))
    }
    guard Self.number(fields[148..<156]) == sum, let size = Self.number(fields[124..<136]),
      let mode = Self.number(fields[100..<108]), let name = Self.text(fields[0..<100]),
      let prefix = Self.text(fields[345..<500])
    else { throw Self.failure("a header is damaged") }
    let isPosix = fields[257..<262].elementsEqual("ustar".utf8)
    let full = isPosix && fields[262] == 0 && !prefix.isEmpty ? prefix + "/" + name : name
    return Header(
      name: longName ?? full, size: size, type: fields[156], isExecutable: mode & 0o100 != 0)
  }

  private mutating func take(_ header: Header) throws {
    let padded = (header.size + Self.block - 1) / Self.block * Self.block
    guard header.size <= SourceLimits.fileBytes else {
      throw Self.failure(
        "\"\(VisibleText.escape(String(header.name.prefix(200))))\" is over \(SourceLimits.fileBytes) bytes"
      )
    }
    guard let content = take(padded)?.prefix(header.size) else {
      throw Self.failure("it is cut off")
    }
    switch header.type {
    case UInt8(ascii: "0"), 0:
      longName = nil
      try add(header, Array(content))
    case UInt8(ascii: "5"): longName = nil
    case UInt8(ascii: "L"): longName = try Self.named(Self.text(content))
    case UInt8(ascii: "x"): longName = try Self.paxPath(content) ?? longName
    case UInt8(ascii: "g"): break
    default:
      throw Self.failure(
        "\"\(VisibleText.escape(String(header.name.prefix(200))))\" is neither a regular file nor a folder"
      )
    }
  }

  private mutating func add(_ header: Header, _ bytes: [UInt8]) throws {
    // `./name` is what tar writes for a folder's content.
    let path = header.name.hasPrefix("./") ? String(header.name.dropFirst(2)) : header.name
    total += bytes.count
    guard total <= SourceLimits.totalBytes, files.count < SkillPackage.fileCount else {
      throw Self.failure("it holds too much")
    }
    guard files[path] == nil else {
      throw Self.failure("\"\(VisibleText.escape(String(path.prefix(200))))\" is in it twice")
    }
    files[path] = SourceTree.File(bytes: bytes, isExecutable: header.isExecutable)
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// Octal digits between spaces and zero bytes; no more than 1 TiB.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    var number = 0
    for byte in field.drop(while: { $0 == 32 }) {
      if byte == 0 || byte == 32 { break }
      guard (48...55).contains(byte), number < 1 << 40 else { return nil }
      number = number * 8 + Int(byte - 48)
    }
    return number
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String? {
    String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The value of `path` in records of the form `LENGTH KEY=VALUE\n`.
  private static func paxPath(_ records: ArraySlice<UInt8>) throws -> String? {
    var rest = records
    var path: String?
    while let space = rest.firstIndex(of: 32) {
      let digits = rest[..<space]
      guard let length = Int(String(decoding: digits, as: UTF8.self)), length <= rest.count,
        length > digits.count + 1
      else { throw failure("a header is damaged") }
      let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
      if record.starts(with: "path=".utf8) {
        path = try named(String(validating: record.dropFirst(5), as: UTF8.self))
      }
      guard !record.starts(with: "size=".utf8), !record.starts(with: "GNU.sparse".utf8) else {
        throw failure("a member is sparse, or has its size elsewhere")
      }
      rest = rest.dropFirst(length)
    }
    return path
  }

  private static func named(_ text: String?) throws -> String {
    guard let text, text.utf8.count <= nameLimit else {
      throw failure("a name is not UTF-8, or is over \(nameLimit) bytes")
    }
    return text
  }

  private static func failure(_ words: String) -> ApplianceError {
    ApplianceError(.skillMalformed, "the archive: \(words)")
  }
}
