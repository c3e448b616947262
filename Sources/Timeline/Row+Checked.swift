// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB

/// Columns as they are found: GRDB's own subscript ends the process on NULL or another type, and a
/// database file can be edited by hand.
extension Row {
  /// By place: looking up a name costs more than reading the value, which long lists feel.
  func text(at index: Int) throws -> String {
    guard index < count, case .string(let text) = (self[index] as DatabaseValue).storage else {
      throw damaged(index < count ? Array(columnNames)[index] : "\(index)")
    }
    return text
  }

  func text(_ column: String) throws -> String {
    guard case .string(let text) = storage(column) else { throw damaged(column) }
    return text
  }

  func optionalText(_ column: String) throws -> String? {
    switch storage(column) {
    case .null: nil
    case .string(let text): text
    default: throw damaged(column)
    }
  }

  /// A count: from 0 to a million.
  func integer(_ column: String) throws -> Int {
    guard case .int64(let number) = storage(column), (0...1_000_000).contains(number) else {
      throw damaged(column)
    }
    return Int(number)
  }

  /// A total: from 0 on.
  func total(_ column: String) throws -> Int {
    guard case .int64(let number) = storage(column), number >= 0 else { throw damaged(column) }
    return Int(number)
  }

  /// A row's own number, of any size.
  func sequence(_ column: String) throws -> Int64 {
    guard case .int64(let number) = storage(column) else { throw damaged(column) }
    return number
  }

  func optionalSequence(_ column: String) throws -> Int64? {
    if case .null = storage(column) { return nil }
    return try sequence(column)
  }

  /// A value that is kept as JSON.
  func value<Value: Decodable>(_ type: Value.Type, _ column: String) throws -> Value {
    // `try?`: what cannot be read is told by the column's name alone.
    guard let value = try? ApplianceJSON.decode(type, from: try text(column).utf8) else {
      throw damaged(column)
    }
    return value
  }

  func optionalValue<Value: Decodable>(_ type: Value.Type, _ column: String) throws -> Value? {
    if case .null = storage(column) { return nil }
    return try value(type, column)
  }

  /// A time or measure.
  func number(_ column: String) throws -> Double {
    guard case .double(let number) = storage(column), number.isFinite else {
      throw damaged(column)
    }
    return number
  }

  func optionalNumber(_ column: String) throws -> Double? {
    if case .null = storage(column) { return nil }
    return try number(column)
  }

  func optionalTotal(_ column: String) throws -> Int? {
    if case .null = storage(column) { return nil }
    return try total(column)
  }

  private func storage(_ column: String) -> DatabaseValue.Storage {
    (self[column] as DatabaseValue? ?? .null).storage
  }

  private func damaged(_ column: String) -> ApplianceError {
    ApplianceError(
      .timelineFailed, "timeline.db: column \"\(column)\" has an impossible value",
      hint: "restore the timeline from a backup")
  }
}
