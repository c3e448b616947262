// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The tools of the product by number.
enum ToolCatalogue {
  /// In the order of their bytes; a tool's number is its place here.
  static let names = ToolName.known.sorted()
  static let tiers = names.map { ToolName.tiers[$0] ?? .highRisk }
  static let numbers = ByteTable(numbering: names)

  static let groups = Dictionary(
    ToolName.groups.map { (ByteKey($0.key), ToolSet($0.value)) },
    uniquingKeysWith: { one, _ in one })
}

/// Tools of the product as bits.
struct ToolSet: Hashable {
  private(set) var bits: UInt64 = 0

  static let none = ToolSet()
  static let all = ToolSet(ToolCatalogue.names)

  private init(bits: UInt64) { self.bits = bits }

  init() {}

  /// Names that no tool has are left out.
  init(_ names: some Sequence<String>) {
    for name in names {
      if let number = ToolCatalogue.numbers[name] { insert(number) }
    }
  }

  init(where isMember: (Int) -> Bool) {
    for number in ToolCatalogue.names.indices where isMember(number) { insert(number) }
  }

  mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }

  mutating func formUnion(_ other: ToolSet) { bits |= other.bits }

  func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }

  func isSuperset(of other: ToolSet) -> Bool { other.bits & ~bits == 0 }

  func intersection(_ other: ToolSet) -> ToolSet { ToolSet(bits: bits & other.bits) }

  func subtracting(_ other: ToolSet) -> ToolSet { ToolSet(bits: bits & ~other.bits) }

  var isEmpty: Bool { bits == 0 }
}

extension ToolProfile {
  var tools: ToolSet {
    switch self {
    case .none: .none
    case .reading: ToolSet { ToolCatalogue.tiers[$0] == .read }
    case .files: ToolCatalogue.groups[ByteKey("files")] ?? .none
    case .full: .all
    }
  }
}
