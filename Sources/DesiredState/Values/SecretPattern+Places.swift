// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension SecretPattern {
  /// Where a credential stands in bytes that may be anything.
  public struct Place: Sendable, Equatable {
    public let start: Int
    /// Behind the last byte that was looked at.
    public let end: Int
    /// Of which shape it is, in words.
    public let shape: String
  }

  /// No place is longer. Bytes.
  public static let longestPlace = 2 * partLimit + 64

  /// Of a JSON Web Token's first two parts. Bytes.
  private static let partLimit = 2_048
  private static let partMinimum = 8

  /// Calls `body` for every credential in the bytes, as ``matches(_:)`` knows them in a text; what
  /// tells nothing by itself must have more around it: a private key its first line, a token its
  /// length. A row of one or two characters, as in documentation, is none.
  public static func forEachPlace(
    in bytes: UnsafeRawBufferPointer, _ body: (Place) -> Void
  ) {
    var before: UInt8 = 0
    for index in bytes.indices {
      let byte = bytes[index]
      defer { before = byte }
      guard beginsPlace[Int(byte)] else { continue }
      if byte == privateKey[0], let place = privateKey(at: index, in: bytes) { body(place) }
      guard !isWordByte(before) else { continue }
      if let place = prefixed(at: index, in: bytes) ?? webToken(at: index, in: bytes)
        ?? botToken(at: index, in: bytes)
      {
        body(place)
      }
    }
  }

  /// Most bytes begin nothing.
  private static let beginsPlace: [Bool] = (0...UInt8.max).map { byte in
    prefixesByFirstByte[Int(byte)] != nil || byte == privateKey[0] || byte == opening[0]
      || isDigit(byte)
  }

  private static func prefixed(at index: Int, in bytes: UnsafeRawBufferPointer) -> Place? {
    guard let prefixes = prefixesByFirstByte[Int(bytes[index])] else { return nil }
    for prefix in prefixes where matches(prefix, bytes[index...]) {
      let end = index + prefix.text.count + prefix.tail
      guard Set(bytes[(index + prefix.text.count)..<end]).count > 2 else { continue }
      return Place(
        start: index, end: end, shape: String(decoding: prefix.text, as: UTF8.self) + "…")
    }
    return nil
  }

  /// The end of its first line, and the beginning of the next: PEM (RFC 7468), also in a text of
  /// JSON. An encrypted key of the old form goes on with something else.
  private static func privateKey(at index: Int, in bytes: UnsafeRawBufferPointer) -> Place? {
    let rest = bytes[index...]
    guard rest.starts(with: privateKey) else { return nil }
    let next = rest.dropFirst(privateKey.count)
    let isLineEnd: (UInt8) -> Bool = { [0x0D, 0x0A, 0x5C, 0x72, 0x6E].contains($0) }
    let gap = next.prefix(4).prefix { isLineEnd($0) }.count
    let line = next.dropFirst(gap).prefix(keyMinimum)
    guard gap > 0, line.count == keyMinimum, line.allSatisfy(isBase64) else { return nil }
    return Place(
      start: index, end: index + privateKey.count + gap + keyMinimum, shape: "a private key")
  }

  private static let keyMinimum = 24

  /// Header and payload are JSON objects (RFC 7519 §7.2); a signature follows.
  private static func webToken(at index: Int, in bytes: UnsafeRawBufferPointer) -> Place? {
    var end = index
    for _ in 0..<2 {
      let part = bytes[end...].prefix(partLimit).prefix { isTokenByte($0) }
      guard part.starts(with: opening), part.count >= partMinimum else { return nil }
      end += part.count
      guard bytes[end...].first == UInt8(ascii: ".") else { return nil }
      end += 1
    }
    let signature = bytes[end...].prefix(partMinimum)
    guard signature.count == partMinimum, signature.allSatisfy(isTokenByte) else { return nil }
    return Place(start: index, end: end + partMinimum, shape: "a JSON Web Token")
  }

  /// Telegram Bot API: the bot's number, a colon, 35 characters and then no other.
  private static func botToken(at index: Int, in bytes: UnsafeRawBufferPointer) -> Place? {
    let digits = bytes[index...].prefix(13).prefix { isDigit($0) }.count
    guard (8...12).contains(digits), bytes[(index + digits)...].first == UInt8(ascii: ":") else {
      return nil
    }
    let text = bytes[(index + digits + 1)...].prefix(36)
    guard text.count == 36, text.dropLast().allSatisfy(isTokenByte),
      text.last.map(isTokenByte) == false
    else { return nil }
    return Place(start: index, end: index + digits + 37, shape: "a token of a Telegram bot")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isBase64(_ byte: UInt8) -> Bool {
    (isTokenByte(byte) && byte != 0x2D && byte != 0x5F) || byte == 0x2B || byte == 0x2F
  }
}
