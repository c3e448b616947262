// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What the narrowings that hold for somebody say about one tool: the number of the first field
/// that takes it away, for each way of doing so.
struct Screen: Hashable {
  private static let nothing = UInt32.max

  private var denyNumber = nothing
  private var denyEntry = nothing
  private var selectionNumber = nothing
  private var ceilingNumber = nothing

  static let open = Screen()

  mutating func deny(by field: Int, entry: Int) {
    guard field < Int(denyNumber) else { return }
    (denyNumber, denyEntry) = (UInt32(truncatingIfNeeded: field), UInt32(truncatingIfNeeded: entry))
  }

  mutating func select(by field: Int) {
    selectionNumber = min(selectionNumber, UInt32(truncatingIfNeeded: field))
  }

  mutating func cap(by field: Int) {
    ceilingNumber = min(ceilingNumber, UInt32(truncatingIfNeeded: field))
  }

  mutating func formUnion(_ other: Screen) {
    if other.denyNumber < denyNumber {
      (denyNumber, denyEntry) = (other.denyNumber, other.denyEntry)
    }
    selectionNumber = min(selectionNumber, other.selectionNumber)
    ceilingNumber = min(ceilingNumber, other.ceilingNumber)
  }

  /// The lowest number of a field.
  var firstField: Int? {
    let first = min(denyNumber, min(selectionNumber, ceilingNumber))
    return first == Self.nothing ? nil : Int(first)
  }

  /// With every field's number changed by as much.
  func moved(by distance: Int32) -> Screen {
    var moved = self
    moved.denyNumber = Self.moved(denyNumber, by: distance)
    moved.selectionNumber = Self.moved(selectionNumber, by: distance)
    moved.ceilingNumber = Self.moved(ceilingNumber, by: distance)
    return moved
  }

  private static func moved(_ number: UInt32, by distance: Int32) -> UInt32 {
    number == nothing ? nothing : number &+ UInt32(bitPattern: distance)
  }

  /// The list that denies the tool, and the number of its entry.
  var denial: (field: Int, entry: Int)? {
    denyNumber == Self.nothing ? nil : (Int(denyNumber), Int(denyEntry))
  }

  /// The profile or the list of allowed tools that leaves the tool out.
  var selection: Int? { selectionNumber == Self.nothing ? nil : Int(selectionNumber) }

  /// The ceiling below the tool.
  var ceiling: Int? { ceilingNumber == Self.nothing ? nil : Int(ceilingNumber) }
}
