// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The fields of a query or a form (WHATWG URL, "application/x-www-form-urlencoded"): the first of each name.
public struct FormFields: Sendable {
  private static let limit = 64

  private var values: [String: String] = [:]

  public init(_ query: String) {
    for case let field? in PercentText.fields(of: query, atMost: Self.limit)
    where values[field.name] == nil {
      values[field.name] = field.value
    }
  }

  public subscript(name: String) -> String? { values[name] }

  /// Fields whose names begin so, without that beginning.
  public func all(after prefix: String) -> [String: String] {
    var found: [String: String] = [:]
    for (name, value) in values where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = value
    }
    return found
  }
}
