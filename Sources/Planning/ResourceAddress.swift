// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Names a resource: `component/gateway`.
///
/// Names are compared by their bytes, as file systems do, and not by what Unicode calls equal.
public struct ResourceAddress: Sendable, Codable {
  public let kind: ResourceKind
  public let name: String

  public init(_ kind: ResourceKind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  public init?(_ text: String) {
    let slash = UInt8(ascii: "/")
    let parts = text.utf8.split(separator: slash, maxSplits: 1)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 2, let kind = ResourceKind(rawValue: parts[0]) else { return nil }
    let folders = parts[1].utf8.split(separator: slash, omittingEmptySubsequences: false)
    let isOutside = folders.contains { folder in
      ["", ".", ".."].contains { $0.utf8.elementsEqual(folder) }
    }
    guard kind != .workspace || !isOutside else { return nil }
    self.init(kind, parts[1])
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let address = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a resource address")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  public var text: String { "\(kind.rawValue)/\(name)" }
}

extension ResourceAddress: Hashable, Comparable {
  public static func == (one: ResourceAddress, other: ResourceAddress) -> Bool {
    one.kind == other.kind && one.name.utf8.elementsEqual(other.name.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    var name = name
    name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// By wave, then by text.
  public static func < (one: ResourceAddress, other: ResourceAddress) -> Bool {
    guard one.kind == other.kind else { return one.kind.order < other.kind.order }
    return one.name.utf8.lexicographicallyPrecedes(other.name.utf8)
  }
}

extension ResourceKind {
  /// The place of a kind by wave, then by its raw value.
  fileprivate var order: Int {
    switch self {
    case .modes: 0
    case .secret: 1
    case .senders: 2
    case .skill: 3
    case .tools: 4
    case .workspace: 5
    case .configuration: 6
    case .component: 7
    }
  }
}
