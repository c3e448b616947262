// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// There is no tomb on this host.
  public static let tombMissing = Self("tomb.missing")
  /// There is one already.
  public static let tombExists = Self("tomb.exists")
  /// A file of the tomb has not its form, or ends too early.
  public static let tombMalformed = Self("tomb.malformed")
  /// A file of the tomb was changed by somebody without its key.
  public static let tombChanged = Self("tomb.changed")
  /// A file of the tomb is an older copy of itself.
  public static let tombOlder = Self("tomb.older-copy")
  /// The files of the tomb belong to different tombs.
  public static let tombMixed = Self("tomb.mixed")
  /// The record of what the tomb was at last is gone.
  public static let tombUnseen = Self("tomb.no-record")
  /// A slot asks for a key derivation that is too weak or too costly.
  public static let tombParameters = Self("tomb.parameters")
  /// The tomb has no slot for the declared backend.
  public static let tombBackend = Self("tomb.backend")
  /// The declared backend does not open its slot.
  public static let tombLocked = Self("tomb.locked")
  /// No entry, version or slot has this name.
  public static let tombNoEntry = Self("tomb.no-entry")
  /// A name, value or date is not one an entry can have.
  public static let tombInvalid = Self("tomb.invalid")
  /// An entry is not for whoever asks.
  public static let tombNotForYou = Self("tomb.not-a-consumer")
}
