// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// One server-sent event.
struct ServerSentEvent: Equatable, Sendable {
  /// The field `event`; `nil` where none was given.
  var name: String?
  /// The lines of the field `data`, joined by line feeds.
  var data: [UInt8]
}

/// Takes a stream of server-sent events apart (HTML Standard §9.2.6), whatever its chunks.
///
/// Lines end with CR LF, LF or CR. An event that the stream's end cuts off is dropped, as the
/// standard says.
struct ServerSentEventParser {
  enum Item: Equatable, Sendable {
    case event(ServerSentEvent)
    /// A line that starts with a colon; a sign of life.
    case comment
  }

  enum Excess: Error, Equatable {
    case line(limit: Int)
    case total(limit: Int)
  }

  private let lineLimit: Int
  private let totalLimit: Int
  private var total = 0
  private var line: [UInt8] = []
  private var isFirstLine = true
  private var isAfterReturn = false
  private var name: String?
  private var data: [UInt8]?

  /// - Parameters:
  ///   - lineLimit: Bytes. Defaults to 1 MiB.
  ///   - totalLimit: Bytes of the whole stream. Defaults to 16 MiB.
  init(lineLimit: Int = 1 << 20, totalLimit: Int = 16 << 20) {
    self.lineLimit = lineLimit
    self.totalLimit = totalLimit
  }

  /// Takes the next bytes; returns what they complete.
  mutating func feed(_ bytes: some Sequence<UInt8>) throws(Excess) -> [Item] {
    var items: [Item] = []
    for byte in bytes {
      total += 1
      guard total <= totalLimit else { throw .total(limit: totalLimit) }
      let endsReturn = isAfterReturn && byte == UInt8(ascii: "\n")
      isAfterReturn = byte == UInt8(ascii: "\r")
      switch byte {
      case _ where endsReturn: break
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        if let item = endLine() { items.append(item) }
      default:
        guard line.count < lineLimit else { throw .line(limit: lineLimit) }
        line.append(byte)
      }
    }
    return items
  }

  private mutating func endLine() -> Item? {
    var bytes = line[...]
    line.removeAll(keepingCapacity: true)
    if isFirstLine && bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    isFirstLine = false
    guard let first = bytes.first else { return endEvent() }
    guard first != UInt8(ascii: ":") else { return .comment }
    let field = bytes.prefix { $0 != UInt8(ascii: ":") }
    var value = bytes.dropFirst(field.count + 1)
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    if field.elementsEqual("data".utf8) {
      data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
    } else if field.elementsEqual("event".utf8) {
      name = String(decoding: value, as: UTF8.self)
    }
    return nil
  }

  private mutating func endEvent() -> Item? {
    defer { (name, data) = (nil, nil) }
    return data.map { .event(ServerSentEvent(name: name, data: $0)) }
  }
}
