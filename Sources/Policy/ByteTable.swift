// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Values by names that are compared byte by byte. A look-up of a short name touches one slot,
/// where a `Dictionary` touches three places, and hashes without a random seed: its names come from
/// the operator's rules, so nobody else can make them collide.
struct ByteTable<Value: Sendable>: Sendable {
  private struct Slot: Sendable {
    /// `ByteWords.vacant` for an empty slot, whose value is some other slot's and read by nobody.
    var words: ByteWords
    var value: Value
  }

  /// At most half are filled; their number is a power of two, or nought.
  private var slots: [Slot] = []
  /// The names that do not fit into a slot.
  private var longNames: [String] = []
  private(set) var count = 0

  init() {}

  /// Numbered by place; the first of two same names counts.
  init(numbering names: [String]) where Value == Int {
    for (number, name) in names.enumerated() where self[name] == nil { self[name] = number }
  }

  /// A value that is set stays: it can be replaced, not removed.
  subscript(_ name: String) -> Value? {
    get {
      guard !slots.isEmpty else { return nil }
      let slot = slots[place(of: name, ByteWords(name))]
      return slot.words.isVacant ? nil : slot.value
    }
    set {
      guard let newValue else { return }
      if count * 2 >= slots.count { grow(filler: newValue) }
      let words = ByteWords(name)
      let found = place(of: name, words)
      if slots[found].words.isVacant {
        slots[found].words = stored(name, words)
        count += 1
      }
      slots[found].value = newValue
    }
  }

  /// The same names with other values.
  func mapValues<Other>(_ transform: (Value) -> Other) -> ByteTable<Other> {
    var mapped = ByteTable<Other>()
    mapped.slots = slots.map { .init(words: $0.words, value: transform($0.value)) }
    (mapped.longNames, mapped.count) = (longNames, count)
    return mapped
  }

  /// Where the name is, or would be.
  private func place(of name: String, _ words: ByteWords) -> Int {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: words.hash) & mask
    while !slots[place].words.isVacant, !holds(slots[place].words, name, words) {
      place = (place + 1) & mask
    }
    return place
  }

  private func holds(_ stored: ByteWords, _ name: String, _ words: ByteWords) -> Bool {
    guard stored.first == words.first else { return false }
    guard let number = stored.longNumber else { return stored.second == words.second }
    return longNames[number].isSameBytes(as: name)
  }

  private mutating func stored(_ name: String, _ words: ByteWords) -> ByteWords {
    guard words.isLong else { return words }
    longNames.append(name)
    return words.numbered(longNames.count - 1)
  }

  private mutating func grow(filler: Value) {
    let filled = slots.filter { !$0.words.isVacant }
    slots = Array(
      repeating: Slot(words: .vacant, value: filler), count: max(2, slots.count * 2))
    let mask = slots.count - 1
    for slot in filled {
      var place = Int(truncatingIfNeeded: slot.words.hash) & mask
      while !slots[place].words.isVacant { place = (place + 1) & mask }
      slots[place] = slot
    }
  }
}
