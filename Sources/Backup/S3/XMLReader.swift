// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// An element of a small document, as stores answer with.
struct XMLElement: Sendable {
  let name: String
  /// Its own text, without that of its children.
  var text = ""
  var children: [XMLElement] = []

  /// The text of the first child of this name.
  func text(of name: String) -> String? { children.first { $0.name == name }?.text }
}

/// Reads the part of XML 1.0 that stores answer in. Anything else makes the whole document unread:
/// document types, entities of their own, CDATA sections, processing instructions.
///
/// Total, and no more work than a few looks at each byte.
struct XMLReader {
  /// A listing has three levels; a thousand objects of it have some ten elements each.
  private static let depthLimit = 8
  private static let elementLimit = 100_000

  private let bytes: [UInt8]
  private var place = 0
  /// What is open, outermost first, and the text of each so far.
  private var open: [(element: XMLElement, text: [UInt8])] = []
  private var root: XMLElement?
  private var count = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Returns: `nil` for what is not a whole document of that kind.
  static func document(_ bytes: [UInt8]) -> XMLElement? {
    var reader = XMLReader(bytes)
    return reader.read() ? reader.root : nil
  }

  private mutating func read() -> Bool {
    _ = take("\u{FEFF}")
    if take("<?xml"), !skip(past: "?>") { return false }
    while place < bytes.count {
      let isRead: Bool
      if peek() != UInt8(ascii: "<") {
        isRead = readText()
      } else if take("<!--") {
        isRead = skip(past: "-->")
      } else if take("</") {
        isRead = readEnd()
      } else {
        isRead = take("<") && readStart()
      }
      guard isRead else { return false }
    }
    return open.isEmpty && root != nil
  }

  private mutating func readStart() -> Bool {
    guard let name = takeName(), open.count < Self.depthLimit, count < Self.elementLimit,
      root == nil
    else { return false }
    count += 1
    open.append((XMLElement(name: name), []))
    while true {
      let isApart = skipBlanks()
      if take(">") { return true }
      if take("/>") { return close() }
      guard isApart, skipAttribute() else { return false }
    }
  }

  private mutating func readEnd() -> Bool {
    guard let name = takeName(), name == open.last?.element.name else { return false }
    _ = skipBlanks()
    return take(">") && close()
  }

  /// Hands the innermost element to the one around it.
  private mutating func close() -> Bool {
    guard let last = open.popLast(), let text = String(validating: last.text, as: UTF8.self) else {
      return false
    }
    var element = last.element
    element.text = text
    if open.isEmpty {
      root = element
    } else {
      open[open.count - 1].element.children.append(element)
    }
    return true
  }

  private mutating func skipAttribute() -> Bool {
    guard takeName() != nil else { return false }
    _ = skipBlanks()
    guard take("=") else { return false }
    _ = skipBlanks()
    if take("\"") { return skip(past: "\"") }
    return take("'") && skip(past: "'")
  }

  /// White space outside of the outermost element, and any text within it.
  private mutating func readText() -> Bool {
    if open.isEmpty { return skipBlanks() }
    while let byte = peek(), byte != UInt8(ascii: "<") {
      if byte == UInt8(ascii: "&") {
        guard let scalar = takeEntity() else { return false }
        open[open.count - 1].text += Array(String(scalar).utf8)
      } else {
        guard byte >= 0x20 || Self.isBlank(byte) else { return false }
        open[open.count - 1].text.append(byte)
        place += 1
      }
    }
    return true
  }

  private static let entities: [(text: String, scalar: Unicode.Scalar)] = [
    ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"),
  ]

  private mutating func takeEntity() -> Unicode.Scalar? {
    for entity in Self.entities where take(entity.text) { return entity.scalar }
    guard take("&#") else { return nil }
    let radix = take("x") ? 16 : 10
    var digits = ""
    while let byte = peek(), byte != UInt8(ascii: ";"), digits.utf8.count < 8 {
      digits.unicodeScalars.append(Unicode.Scalar(byte))
      place += 1
    }
    guard take(";"), let value = UInt32(digits, radix: radix), value > 0 else { return nil }
    return Unicode.Scalar(value)
  }

  /// A name without the rarer letters that XML allows.
  private mutating func takeName() -> String? {
    let start = place
    while let byte = peek(), Self.isNameByte(byte) { place += 1 }
    guard place > start, place - start <= 64 else { return nil }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    S3Address.isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || "-_.:".utf8.contains(byte)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

  /// Steps over a text that stands here.
  private mutating func take(_ text: String) -> Bool {
    guard bytes[place...].starts(with: text.utf8) else { return false }
    place += text.utf8.count
    return true
  }

  /// Steps over everything up to a text, and over the text.
  private mutating func skip(past text: String) -> Bool {
    while place < bytes.count {
      if take(text) { return true }
      place += 1
    }
    return false
  }

  /// - Returns: Whether there were any.
  private mutating func skipBlanks() -> Bool {
    let start = place
    while let byte = peek(), Self.isBlank(byte) { place += 1 }
    return place > start
  }
}
