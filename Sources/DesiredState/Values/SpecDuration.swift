// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// A span of time, written as a whole number and a unit: `30s`, `5m`, `12h`, `60d`.
public struct SpecDuration: Hashable {
  public let seconds: Int64

  public init(seconds: Int64) {
    self.seconds = seconds
  }

  /// Reads `30s`, `5m`, `12h`, `60d`; `nil` for anything else.
  public static func parse(_ text: String) -> SpecDuration? { SpecDuration(text) }

  /// At most 3,650 days.
  init?(_ text: String) {
    guard let unit = text.last, let factor = Self.units[unit],
      let number = Int64(text.dropLast()), number >= 0, number <= 315_360_000,
      text.dropLast().utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow, product <= 315_360_000 else { return nil }
    seconds = product
  }

  private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

  public var duration: Duration { .seconds(seconds) }

  var text: String {
    for (unit, factor) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60)]
    where seconds > 0 && seconds % factor == 0 {
      return "\(seconds / factor)\(unit)"
    }
    return "\(seconds)s"
  }
}

extension SpecDuration: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> SpecDuration? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a duration such as 60s")
    else { return nil }
    if let value = SpecDuration(text) { return value }
    decoding.reject(
      node, path, "\(Quoted(text)) is not a duration",
      hint: "write a number and one of s, m, h, d, as in 60s or 30d")
    return nil
  }

  package static var schema: [String: JSONValue] {
    ["type": "string", "pattern": "^[0-9]+[smhd]$"]
  }
  package static var form: String { "duration such as `60s`, `12h`, `30d`" }
  package var json: JSONValue { .string(text) }
}
