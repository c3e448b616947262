// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel
public import Foundation

/// A place of the IANA time zone database: `UTC`, `Europe/Berlin`.
public struct ZoneName: Hashable {
  public static let utc = ZoneName(text: "UTC", zone: .gmt)

  public let text: String
  public let zone: TimeZone

  private init(text: String, zone: TimeZone) { (self.text, self.zone) = (text, zone) }

  public init?(_ text: String) {
    // Also names that are not the first of their place; no offsets, which are no places.
    guard text.utf8.count <= 64, !text.utf8.contains(where: { (48...57).contains($0) }),
      let zone = TimeZone(identifier: text)
    else { return nil }
    self.init(text: text, zone: zone)
  }
}

extension ZoneName: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> ZoneName? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a time zone") else {
      return nil
    }
    if let value = ZoneName(text) { return value }
    decoding.reject(
      node, path, "\(Quoted(text)) is not a time zone",
      hint: "write UTC, or a name of the IANA database such as Europe/Berlin")
    return nil
  }

  package static var schema: [String: JSONValue] { ["type": "string", "minLength": 1] }
  package static var form: String { "time zone such as `UTC` or `Europe/Berlin`" }
  package var json: JSONValue { .string(text) }
}
