// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// Changes of the keys that the tomb is sealed under, and of to whom they are sealed.
extension TombStore {
  /// Seals everything under a new root key; the slot of the backend `local` is made anew, too, so
  /// that a copy of the old tomb.rr opens nothing any more. A rotation that was cut off is finished
  /// by the next change.
  public func rotateKey(at now: Date) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      if opener.backend == .local { try renewHostSlot(&opened, at: now) }
      try beginRotation(&opened, at: now)
      try finishRotation(&opened)
    }
  }

  /// Lets another recovery key open the tomb.
  public func add(_ recipient: Recipient, label: String, at now: Date) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      try opened.add(KeySlot(.recovery, label: label, publicKey: recipient.publicKey, at: now))
      try files.write(&opened)
    }
  }

  /// Takes a recovery key away; since it has opened the root key, that is made anew.
  public func removeSlot(_ id: String, at now: Date) throws {
    try files.locked {
      var opened = try open()
      try finishRotation(&opened)
      let slots = opened.keyFile.slots
      guard let index = slots.firstIndex(where: { Hexadecimal.encode($0.id) == id }),
        slots[index].kind == .recovery
      else {
        throw ApplianceError(
          .tombNoEntry, "\"\(VisibleText.escape(id))\" is no recovery slot",
          hint: "kafclaw tomb list shows the slots; the one of this host stays")
      }
      opened.removeSlot(at: index)
      try beginRotation(&opened, at: now)
      try finishRotation(&opened)
    }
  }

  /// Puts a new slot of the declared backend in the place of this host's.
  func renewHostSlot(_ opened: inout TombFiles.Opened, at now: Date) throws {
    let (slot, host) = try opener.makeSlot(label: "this host", tomb: opened.keyFile.id, at: now)
    while let index = opened.keyFile.slots.firstIndex(where: { $0.kind != .recovery }) {
      opened.removeSlot(at: index)
    }
    try opened.add(slot)
    opened.host = host
    keep(host, of: slot)
  }

  func beginRotation(_ opened: inout TombFiles.Opened, at now: Date) throws {
    let root = try SecretKey.random()
    try opened.keyFile.add(root, at: now)
    opened.keys.append(TombKeys(epoch: opened.keyFile.epochs.last?.number ?? 0, root: root))
    try files.write(&opened)
  }

  func finishRotation(_ opened: inout TombFiles.Opened) throws {
    guard opened.keyFile.epochs.count > 1 else { return }
    let (old, new) = (try opened.current, try opened.newest)
    if old.epoch != new.epoch {
      let resealed = try opened.entries.resealed(from: old, under: new)
      opened.entries = try files.write(resealed, of: opened, under: new)
    }
    opened.keyFile.epochs.removeAll { $0.number != new.epoch }
    opened.keys.removeAll { $0.epoch != new.epoch }
    try files.write(&opened)
  }
}
