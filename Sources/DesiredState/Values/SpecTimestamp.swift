// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel
public import FoundationEssentials

/// A point in time, UTC: `2026-11-22T09:30:00Z`, or `2026-11-22` for its first second.
public struct SpecTimestamp: Hashable {
  public let date: Date

  public init(_ date: Date) {
    self.date = date
  }

  init?(_ text: String) {
    let full = text.utf8.count == 10 ? text + "T00:00:00Z" : text
    guard full.utf8.count == 20, full.utf8.last == UInt8(ascii: "Z"),
      full.utf8.allSatisfy({ $0 < 0x80 }),
      // `try?`: what is no date is reported by the caller.
      let date = try? Date(full, strategy: .iso8601), date.formatted(.iso8601) == full
    else { return nil }
    self.date = date
  }
}

extension SpecTimestamp: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> SpecTimestamp? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a date") else { return nil }
    if let value = SpecTimestamp(text) { return value }
    decoding.reject(
      node, path, "\(Quoted(text)) is not a date",
      hint: "write UTC, as in 2026-11-22 or 2026-11-22T09:30:00Z")
    return nil
  }

  package static var schema: [String: JSONValue] {
    [
      "type": "string",
      "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$",
    ]
  }
  package static var form: String { "UTC date such as `2026-11-22` or `2026-11-22T09:30:00Z`" }
  package var json: JSONValue { .string(date.formatted(.iso8601)) }
}
