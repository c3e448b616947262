// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// A whole number inside a range that belongs to its type.
package protocol BoundedInteger: SpecValue {
  static var range: ClosedRange<Int> { get }
  init(_ value: Int)
  var value: Int { get }
}

extension BoundedInteger {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Self? {
    guard let text = node.text(at: path, into: &decoding, expecting: wanted) else { return nil }
    guard case .scalar(_, true) = node.content, let number = Int(text), text == String(number)
    else {
      decoding.reject(node, path, "expected \(wanted), found \(Quoted(text))")
      return nil
    }
    guard range.contains(number) else {
      decoding.reject(node, path, "\(number) is not \(wanted)", rule: "range")
      return nil
    }
    return Self(number)
  }

  private static var wanted: String {
    "a number from \(range.lowerBound) to \(range.upperBound)"
  }

  package static var schema: [String: JSONValue] {
    [
      "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
      "maximum": .integer(Int64(range.upperBound)),
    ]
  }
  package static var form: String { "\(range.lowerBound) to \(range.upperBound)" }
  package var json: JSONValue { .integer(Int64(value)) }
}

/// A TCP port.
public struct Port: BoundedInteger, Hashable {
  package static let range = 1...65_535
  public let value: Int
  public init(_ value: Int) { self.value = value }
}

/// How many.
public struct Count: BoundedInteger, Hashable {
  package static let range = 0...1_000_000_000
  public let value: Int
  public init(_ value: Int) { self.value = value }
}

/// The version of the desired-state format; this program reads version 1.
public struct FormatVersion: BoundedInteger, Hashable {
  package static let range = 1...1
  public let value: Int
  public init(_ value: Int) { self.value = value }
}

/// The stage in which a channel comes back after an incident, 1 first.
public struct Stage: BoundedInteger, Hashable {
  package static let range = 1...9
  public let value: Int
  public init(_ value: Int) { self.value = value }
}
