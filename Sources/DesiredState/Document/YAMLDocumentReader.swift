// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CYaml

/// Reads one strict YAML document: no anchors, aliases, tags, merge keys, duplicate keys or second
/// documents; bounded depth and scalar size.
///
/// Works on libyaml's events, so an alias is refused where it stands and never expanded
/// ("billion laughs" costs nothing).
package struct YAMLDocumentReader {
  private let file: String
  /// libyaml keeps pointers into it, so it needs an address of its own.
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private(set) var issues: [ValidationIssue] = []
  /// `nil` where nobody asks for them.
  private var places: [Origin: ScalarPlace]?

  /// The document of `bytes`, or `nil` when its syntax is broken. Issues are complete up to the
  /// first syntax error.
  package static func read(
    _ bytes: [UInt8], file: String
  ) -> (node: DocumentNode?, issues: [ValidationIssue]) {
    if let issue = refusal(of: bytes, file: file) { return (nil, [issue]) }
    var reader = YAMLDocumentReader(file: file)
    defer { reader.parser.deallocate() }
    let node = reader.readDocument(bytes)
    return (node, reader.issues)
  }

  /// The document of `bytes` with the place of each scalar, by the origin of its first character;
  /// `nil` when it has issues.
  static func readPlaces(
    of bytes: [UInt8], file: String
  ) -> (node: DocumentNode, scalars: [Origin: ScalarPlace])? {
    guard refusal(of: bytes, file: file) == nil else { return nil }
    var reader = YAMLDocumentReader(file: file)
    defer { reader.parser.deallocate() }
    reader.places = [:]
    guard let node = reader.readDocument(bytes), reader.issues.isEmpty else { return nil }
    return (node, reader.places ?? [:])
  }

  private static func refusal(of bytes: [UInt8], file: String) -> ValidationIssue? {
    guard bytes.count <= SourceLimits.fileBytes else {
      let message = "the file has \(bytes.count) bytes; \(SourceLimits.fileBytes) are allowed"
      return .syntax(.file(path: file, line: 1, column: 1), message)
    }
    return TextScan.firstIssue(in: bytes, file: file)
  }

  private init(file: String) {
    self.file = file
  }

  private mutating func readDocument(_ bytes: [UInt8]) -> DocumentNode? {
    guard yaml_parser_initialize(parser) == 1 else {
      report(.file(path: file, line: 1, column: 1), "out of memory")
      return nil
    }
    defer { yaml_parser_delete(parser) }
    return bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      do {
        return try readStream()
      } catch let failure as SyntaxFailure {
        report(failure.origin, failure.message)
      } catch {
        report(.file(path: file, line: 1, column: 1), "unreadable")
      }
      return nil
    }
  }

  private mutating func readStream() throws -> DocumentNode? {
    _ = try next()  // stream start
    let first = try next()
    guard first.type == YAML_DOCUMENT_START_EVENT else { return nil }
    let root = try readNode(try next(), depth: 0)
    _ = try next()  // document end
    let after = try next()
    if after.type == YAML_DOCUMENT_START_EVENT {
      report(after.origin, "only one document is allowed in a file")
    }
    return root
  }

  private mutating func readNode(_ event: Event, depth: Int) throws -> DocumentNode {
    guard depth <= SourceLimits.documentDepth else {
      throw SyntaxFailure(
        origin: event.origin,
        message: "nested deeper than \(SourceLimits.documentDepth) levels")
    }
    refuseDecoration(of: event)
    switch event.type {
    case YAML_SCALAR_EVENT: return scalar(event)
    case YAML_SEQUENCE_START_EVENT: return try sequence(event, depth: depth)
    case YAML_MAPPING_START_EVENT: return try mapping(event, depth: depth)
    default:
      report(event.origin, "aliases (*name) are not allowed", hint: "write the value out")
      return DocumentNode(.scalar(text: "", isPlain: true), origin: event.origin)
    }
  }

  private mutating func refuseDecoration(of event: Event) {
    if event.hasAnchor && event.type != YAML_ALIAS_EVENT {
      report(event.origin, "anchors (&name) are not allowed", hint: "write the value out")
    }
    if event.hasTag {
      report(event.origin, "tags (!name) are not allowed", hint: "remove the tag")
    }
  }

  private mutating func scalar(_ event: Event) -> DocumentNode {
    if event.text.utf8.count > SourceLimits.scalarBytes {
      report(event.origin, "a value of over \(SourceLimits.scalarBytes) bytes is not allowed")
    }
    places?[event.origin] = event.place
    return DocumentNode(.scalar(text: event.text, isPlain: event.isPlain), origin: event.origin)
  }

  private mutating func sequence(_ start: Event, depth: Int) throws -> DocumentNode {
    var items: [DocumentNode] = []
    while true {
      let event = try next()
      if event.type == YAML_SEQUENCE_END_EVENT { break }
      items.append(try readNode(event, depth: depth + 1))
    }
    return DocumentNode(.sequence(items), origin: start.origin)
  }

  private mutating func mapping(_ start: Event, depth: Int) throws -> DocumentNode {
    var entries: [DocumentNode.Entry] = []
    var seen: [String: Origin] = [:]
    while true {
      let event = try next()
      if event.type == YAML_MAPPING_END_EVENT { break }
      let key = try readNode(event, depth: depth + 1)
      let value = try readNode(try next(), depth: depth + 1)
      guard case .scalar(let name, _) = key.content else {
        report(key.origin, "a key must be plain text")
        continue
      }
      if let first = seen[name] {
        report(key.origin, "duplicate key \(Quoted(name)), first set at \(first)")
        continue
      }
      seen[name] = key.origin
      entries.append(.init(key: name, origin: key.origin, value: value))
    }
    return DocumentNode(.mapping(entries), origin: start.origin)
  }

  private mutating func report(_ origin: Origin, _ message: String, hint: String? = nil) {
    issues.append(.syntax(origin, message, hint: hint))
  }
}

extension YAMLDocumentReader {
  private struct Event {
    let type: yaml_event_type_t
    let origin: Origin
    var text = ""
    var isPlain = false
    var place: ScalarPlace?
    var hasAnchor = false
    var hasTag = false
  }

  private struct SyntaxFailure: Error {
    let origin: Origin
    let message: String
  }

  /// The next event, copied out of libyaml's memory.
  private mutating func next() throws -> Event {
    var raw = yaml_event_t()
    guard yaml_parser_parse(parser, &raw) == 1 else { throw syntaxFailure() }
    defer { yaml_event_delete(&raw) }
    var event = Event(type: raw.type, origin: origin(of: raw.start_mark))
    switch raw.type {
    case YAML_SCALAR_EVENT:
      let scalar = raw.data.scalar
      event.text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length)),
        as: UTF8.self)
      event.isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      event.place = ScalarPlace(
        start: Int(raw.start_mark.index), end: Int(raw.end_mark.index),
        style: Self.style(scalar.style))
      event.hasAnchor = scalar.anchor != nil
      event.hasTag = scalar.tag != nil
    case YAML_SEQUENCE_START_EVENT:
      event.hasAnchor = raw.data.sequence_start.anchor != nil
      event.hasTag = raw.data.sequence_start.tag != nil
    case YAML_MAPPING_START_EVENT:
      event.hasAnchor = raw.data.mapping_start.anchor != nil
      event.hasTag = raw.data.mapping_start.tag != nil
    default: break
    }
    return event
  }

  private func origin(of mark: yaml_mark_t) -> Origin {
    .file(path: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private static func style(_ style: yaml_scalar_style_t) -> ScalarPlace.Style {
    switch style {
    case YAML_PLAIN_SCALAR_STYLE: .plain
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
    default: .block
    }
  }

  /// libyaml's words are literals of its own; none quotes the document.
  private func syntaxFailure() -> SyntaxFailure {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "syntax error"
    let mark =
      parser.pointee.error == YAML_READER_ERROR ? parser.pointee.mark : parser.pointee.problem_mark
    return SyntaxFailure(origin: origin(of: mark), message: problem)
  }
}
