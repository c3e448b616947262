// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// An answer of HTTP/1.1 (RFC 9112), read from bytes that may be anything.
struct HTTPAnswer: Sendable, Equatable {
  struct Field: Sendable, Equatable {
    /// In lower case.
    let name: String
    let value: String
  }

  let status: Int
  let fields: [Field]
  /// As far as it is there.
  let body: [UInt8]
  /// Whether nothing of it is missing. One that ends with the connection is never known to be.
  let isWhole: Bool

  /// The first value of a field.
  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// All answers that begin in the bytes, interim ones (1xx) left out.
  ///
  /// - Parameter toHead: Whether `HEAD` was asked: such an answer has no body.
  static func all(in bytes: [UInt8], toHead: Bool = false) -> [HTTPAnswer] {
    var answers: [HTTPAnswer] = []
    var rest = bytes[...]
    while let answer = take(from: &rest, toHead: toHead) {
      if !(100..<200).contains(answer.status) { answers.append(answer) }
      guard answer.isWhole else { break }
    }
    return answers
  }

  private static let lineEnd = Array("\r\n".utf8)
  private static let headEnd = Array("\r\n\r\n".utf8)

  private static func take(from bytes: inout ArraySlice<UInt8>, toHead: Bool) -> HTTPAnswer? {
    guard let end = bytes.firstRange(of: headEnd) else { return nil }
    let lines = bytes[..<end.lowerBound].split(separator: UInt8(ascii: "\n"))
    guard let first = lines.first, let status = status(first) else { return nil }
    let fields = lines.dropFirst().compactMap(field)
    bytes = bytes[end.upperBound...]
    let hasNone = toHead || (100..<200).contains(status) || status == 204 || status == 304
    let (body, isWhole) = hasNone ? ([], true) : takeBody(fields, from: &bytes)
    return HTTPAnswer(status: status, fields: fields, body: body, isWhole: isWhole)
  }

  /// The number of `HTTP/1.1 NNN …`.
  private static func status(_ line: ArraySlice<UInt8>) -> Int? {
    guard line.starts(with: "HTTP/1.".utf8) else { return nil }
    let digits = line.dropFirst(8).drop { $0 == 0x20 }.prefix { (0x30...0x39).contains($0) }
    return digits.count == 3 ? digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
  }

  private static func field(_ line: ArraySlice<UInt8>) -> Field? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    var value = line[(colon + 1)...].drop(while: isBlank)
    while let last = value.last, isBlank(last) { value.removeLast() }
    return Field(
      name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
      value: String(decoding: value, as: UTF8.self))
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0D].contains(byte) }

  // MARK: Bodies

  private static func takeBody(
    _ fields: [Field], from bytes: inout ArraySlice<UInt8>
  ) -> ([UInt8], Bool) {
    if fields.contains(where: { $0.name == "transfer-encoding" }) { return takeChunks(&bytes) }
    let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) }
    guard let length, length >= 0 else {
      defer { bytes = [] }
      return (Array(bytes), false)
    }
    defer { bytes = bytes.dropFirst(length) }
    return (Array(bytes.prefix(length)), bytes.count >= length)
  }

  /// RFC 9112 §7.1.
  private static func takeChunks(_ bytes: inout ArraySlice<UInt8>) -> ([UInt8], Bool) {
    var body: [UInt8] = []
    while let end = bytes.firstRange(of: lineEnd), let size = size(bytes[..<end.lowerBound]) {
      bytes = bytes[end.upperBound...]
      if size == 0 { return (body, takeTrailer(&bytes)) }
      body += bytes.prefix(size)
      guard bytes.count >= size + lineEnd.count else { break }
      bytes = bytes.dropFirst(size + lineEnd.count)
    }
    bytes = []
    return (body, false)
  }

  private static func takeTrailer(_ bytes: inout ArraySlice<UInt8>) -> Bool {
    while let end = bytes.firstRange(of: lineEnd) {
      let isLast = end.lowerBound == bytes.startIndex
      bytes = bytes[end.upperBound...]
      if isLast { return true }
    }
    return false
  }

  /// At most seven digits, so that no number is too large.
  private static func size(_ line: ArraySlice<UInt8>) -> Int? {
    let digits = line.prefix { $0 != UInt8(ascii: ";") && !isBlank($0) }
    guard (1...7).contains(digits.count) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self), radix: 16).flatMap { $0 < 0 ? nil : $0 }
  }
}
