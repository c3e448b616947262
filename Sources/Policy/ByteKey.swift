// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A name compared byte by byte. `String` compares by canonical equivalence, under which two
/// platform ids of different bytes can be one.
struct ByteKey: Hashable, Comparable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (one: ByteKey, other: ByteKey) -> Bool { one.text.isSameBytes(as: other.text) }

  static func < (one: ByteKey, other: ByteKey) -> Bool {
    one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
      hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    }
    if isHashed == nil {
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }
}

extension String {
  func isSameBytes(as other: String) -> Bool {
    let isSame = utf8.withContiguousStorageIfAvailable { mine in
      other.utf8.withContiguousStorageIfAvailable { theirs in
        mine.count == theirs.count && mine.elementsEqual(theirs)
      }
    }
    return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
  }
}

extension Sequence<String> {
  func holds(_ name: String) -> Bool { contains { $0.isSameBytes(as: name) } }
}

extension Dictionary where Key == String {
  /// In the order of the names' bytes.
  var inByteOrder: [(name: String, value: Value)] {
    map { (name: $0.key, value: $0.value) }
      .sorted { ByteKey($0.name) < ByteKey($1.name) }
  }

  /// The dictionary itself would take a canonically equivalent name for the name.
  subscript(bytes name: String) -> Value? {
    guard let index = index(forKey: name), self[index].key.isSameBytes(as: name) else {
      return nil
    }
    return self[index].value
  }
}
