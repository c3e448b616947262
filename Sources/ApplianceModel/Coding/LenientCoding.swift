// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension KeyedDecodingContainer {
  /// The value of a field that may be missing, null, or of a form that nobody needs.
  package func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
    // `try?`: a field of another form counts as missing; the reader decides what must be there.
    try? decodeIfPresent(type, forKey: key)
  }
}

/// The items of a list that have the wanted form; others are left out, and counted.
package struct LenientList<Item: Decodable>: Decodable {
  package let items: [Item]
  package let unreadable: Int

  private struct Anything: Decodable { init(from _: any Decoder) throws {} }

  package init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    var (items, unreadable) = ([Item](), 0)
    while !list.isAtEnd {
      do { items.append(try list.decode(Item.self)) } catch {
        // What failed is still the next item: it is passed over.
        _ = try list.decode(Anything.self)
        unreadable += 1
      }
    }
    (self.items, self.unreadable) = (items, unreadable)
  }
}
