// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The words of an HTML page. Not a parser: one pass that leaves out tags, comments and what is not
/// meant to be read, in time that grows with the page.
struct PageText {
  private static let hidden: Set<String> = ["script", "style", "noscript", "template"]
  private static let breaks: Set<String> = [
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "td", "th", "tr", "ul",
  ]
  private static let entities: [String: String] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "–",
    "mdash": "—", "hellip": "…", "copy": "©", "auml": "ä", "ouml": "ö", "uuml": "ü", "szlig": "ß",
    "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "euro": "€",
  ]

  private let page: [UInt8]
  private var place = 0
  private var words: [UInt8] = []

  static func plain(_ html: String) -> String {
    var reader = PageText(page: Array(html.utf8))
    reader.read()
    while let last = reader.words.last, last == 0x20 || last == 0x0A { reader.words.removeLast() }
    return String(decoding: reader.words, as: UTF8.self)
  }

  private init(page: [UInt8]) { self.page = page }

  private mutating func read() {
    while place < page.count {
      switch page[place] {
      case UInt8(ascii: "<") where startsMarkup: skipMarkup()
      case UInt8(ascii: "&"): readEntity()
      case let byte:
        append(byte)
        place += 1
      }
    }
  }

  /// Whether the `<` begins a tag; in `a < b` it does not.
  private var startsMarkup: Bool {
    guard place + 1 < page.count else { return false }
    let next = page[place + 1]
    return Self.isLetter(next)
      || [UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?")].contains(next)
  }

  private mutating func skipMarkup() {
    if starts(with: "<!--") {
      place = end(of: "-->", from: place + 4)
      return
    }
    let isEnd = page[place + 1] == UInt8(ascii: "/")
    let name = String(
      decoding: page[(place + (isEnd ? 2 : 1))...].prefix(16).prefix(while: Self.isNamePart),
      as: UTF8.self
    ).lowercased()
    skipTag()
    if !isEnd && Self.hidden.contains(name) { skipElement(name) }
    if Self.breaks.contains(name) { append(0x0A) }
  }

  /// To behind the `>`; one in quotes does not count. Without one, the rest is markup.
  private mutating func skipTag() {
    var quote: UInt8?
    while place < page.count {
      let byte = page[place]
      place += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return
      }
    }
  }

  /// To behind the end tag; without one, the rest is hidden.
  private mutating func skipElement(_ name: String) {
    let wanted = Array("</\(name)".utf8)
    while place < page.count {
      if page[place] == UInt8(ascii: "<"), place + wanted.count <= page.count,
        zip(page[place...], wanted).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
      {
        return skipTag()
      }
      place += 1
    }
  }

  private mutating func readEntity() {
    let body = page[(place + 1)...].prefix(10)
    guard let end = body.firstIndex(of: UInt8(ascii: ";")),
      let text = Self.decoded(String(decoding: body[..<end], as: UTF8.self))
    else {
      append(page[place])
      place += 1
      return
    }
    for byte in text.utf8 { append(byte) }
    place = end + 1
  }

  private static func decoded(_ entity: String) -> String? {
    guard entity.hasPrefix("#") else { return entities[entity] }
    let digits = entity.dropFirst()
    let isHexadecimal = digits.first == "x" || digits.first == "X"
    let number = UInt32(isHexadecimal ? digits.dropFirst() : digits, radix: isHexadecimal ? 16 : 10)
    guard let number, let scalar = Unicode.Scalar(number), number >= 0x20 else { return "\u{FFFD}" }
    return String(Character(scalar))
  }

  /// White space becomes one space, or at most two line ends.
  private mutating func append(_ byte: UInt8) {
    let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0D
    if isBlank || byte == 0x0A {
      guard let last = words.last else { return }
      if isBlank { return last == 0x20 || last == 0x0A ? () : words.append(0x20) }
      if last == 0x20 { words.removeLast() }
      let isDouble = words.suffix(2).elementsEqual([0x0A, 0x0A])
      return isDouble || words.isEmpty ? () : words.append(0x0A)
    }
    words.append(byte)
  }

  private func starts(with text: String) -> Bool { page[place...].starts(with: text.utf8) }

  private func end(of text: String, from start: Int) -> Int {
    let wanted = Array(text.utf8)
    guard start <= page.count else { return page.count }
    let found = ByteSearch(wanted).place(in: page, from: start)
    return found.map { $0 + wanted.count } ?? page.count
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
