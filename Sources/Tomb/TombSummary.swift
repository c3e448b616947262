// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// What can be said of a tomb without telling its secrets.
public struct TombSummary: Sendable, Codable, Equatable {
  /// One way into it.
  public struct Slot: Sendable, Codable, Equatable {
    public let id: String
    public let kind: String
    public let label: String
    public let created: Date
  }

  public let id: String
  /// Number of the root key.
  public let epoch: Int
  public let keyCreated: Date?
  /// Whether a rotation of the root key was cut off; the next change finishes it.
  public let isRotating: Bool
  /// How often each file was written: an older copy has a lower number.
  public let keyFileCounter: Int
  public let entriesCounter: Int
  public let slots: [Slot]

  init(_ opened: TombFiles.Opened) {
    let file = opened.keyFile
    id = Hexadecimal.encode(file.id)
    epoch = Int(file.epochs.last?.number ?? 0)
    keyCreated = file.epochs.last?.created
    isRotating = file.epochs.count > 1
    keyFileCounter = Int(clamping: file.counter)
    entriesCounter = Int(clamping: opened.entries.counter)
    slots = file.slots.map { slot in
      Slot(
        id: Hexadecimal.encode(slot.id), kind: slot.kind.word, label: slot.label,
        created: slot.created)
    }
  }
}

/// What `tomb set` says of an entry; `nil` leaves as it is.
public struct EntryDetails: Sendable {
  public var purpose: String?
  public var consumers: [String]?
  public var expires: Date?

  public init(purpose: String? = nil, consumers: [String]? = nil, expires: Date? = nil) {
    (self.purpose, self.consumers, self.expires) = (purpose, consumers, expires)
  }

  func apply(to entry: inout TombEntry) {
    if let purpose { entry.purpose = purpose }
    if let consumers { entry.consumers = consumers }
    if let expires { entry.expires = expires }
  }
}
