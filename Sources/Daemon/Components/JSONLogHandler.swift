// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Glibc
import Logging

/// Log lines for programs: one JSON object a line, with sorted keys, on standard error.
///
/// Secrets are kept out by their types: none of them can be made into text.
struct JSONLogHandler: LogHandler {
  /// Bytes of one text; longer ones are cut.
  static let textLimit = 1_024
  /// Bytes of one line: a pipe takes no more at once (pipe(7), PIPE_BUF).
  static let lineLimit = 4_096

  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  private let label: String
  private let write: @Sendable ([UInt8]) -> Void

  init(label: String, write: @escaping @Sendable ([UInt8]) -> Void = Self.writeToStandardError) {
    (self.label, self.write) = (label, write)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.mapValues(Self.json)
    if let error = event.error, fields["error"] == nil {
      fields["error"] = .string(Self.short("\(error)"))
    }
    var line: [String: JSONValue] = [
      "time": .string(Date().formatted(.iso8601)), "level": .string(event.level.rawValue),
      "label": .string(label), "message": .string(Self.short(event.message.description)),
      "metadata": .object(fields),
    ]
    var bytes = CanonicalJSON.bytes(.object(line))
    if bytes.count >= Self.lineLimit {
      line["metadata"] = ["cut": true]
      line["message"] = .string(
        String(String.UnicodeScalarView(event.message.description.unicodeScalars.prefix(300))))
      bytes = CanonicalJSON.bytes(.object(line))
    }
    write(bytes + [UInt8(ascii: "\n")])
  }

  private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
    switch value {
    case .string(let text): .string(short(text))
    case .stringConvertible(let other): .string(short(other.description))
    case .array(let values): .array(values.map(json))
    case .dictionary(let values): .object(values.mapValues(json))
    }
  }

  private static func short(_ text: String) -> String {
    guard text.utf8.count > textLimit else { return text }
    return String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)
  }

  private static let writeToStandardError: @Sendable ([UInt8]) -> Void = { bytes in
    bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let count = Glibc.write(2, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        offset += count
      }
    }
  }
}
