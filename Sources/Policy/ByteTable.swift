// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Values by names that are compared byte by byte. A look-up touches one slot mostly, where a
/// `Dictionary` touches three places, and hashes without a random seed: its names come from the
/// operator's rules, so nobody else can make them collide.
struct ByteTable<Value: Sendable>: Sendable {
  private struct Slot: Sendable {
    let name: String
    var value: Value
  }

  /// At most half are filled; their number is a power of two.
  private var slots: [Slot?] = [nil, nil]
  private(set) var count = 0

  init() {}

  /// Numbered by place; the first of two same names counts.
  init(numbering names: [String]) where Value == Int {
    for (number, name) in names.enumerated() where self[name] == nil { self[name] = number }
  }

  /// A value that is set stays: it can be replaced, not removed.
  subscript(_ name: String) -> Value? {
    get { slots[place(of: name)]?.value }
    set {
      guard let newValue else { return }
      let found = place(of: name)
      let isNew = slots[found] == nil
      slots[found] = Slot(name: name, value: newValue)
      guard isNew else { return }
      count += 1
      if count * 2 > slots.count { grow() }
    }
  }

  /// Where the name is, or would be.
  private func place(of name: String) -> Int {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: Self.hash(name)) & mask
    while let slot = slots[place], !slot.name.isSameBytes(as: name) {
      place = (place + 1) & mask
    }
    return place
  }

  private mutating func grow() {
    let filled = slots.compactMap(\.self)
    slots = Array(repeating: nil, count: slots.count * 2)
    for slot in filled { slots[place(of: slot.name)] = slot }
  }

  /// Multiplies and folds eight bytes at a time.
  private static func hash(_ name: String) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: name.utf8.count)
    var word: UInt64 = 0
    var filled = 0
    for byte in name.utf8 {
      word = word << 8 | UInt64(byte)
      filled += 1
      if filled == 8 {
        hash = mixed(hash ^ word)
        (word, filled) = (0, 0)
      }
    }
    return mixed(hash ^ word)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
  }
}
