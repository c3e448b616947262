// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// How this host opens its tomb.
public struct TombSpec: Sendable, Equatable {
  public var backend: TombBackend = .local
  public var keyFile: String?

  public init() {}
}

extension TombSpec: SpecSection, SpecNesting {
  package static var summary: String { "How this host opens its tomb." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "backend", \.backend,
      "Where the key is: `local` (in `tomb.rr`, apart from the entries: whoever reads both opens "
        + "them), `passphrase`, `file` (`keyFile`, on another medium), `systemd` (the credential "
        + "`tomb-key`), `keyring` (`passphrase`, kept by the kernel once it was typed). Never "
        + "changed by itself: `kafclaw tomb recover` moves a tomb to another backend."),
    SpecField(
      "keyFile", \.keyFile,
      "Absolute path of the key for `file`; not below the state home."),
  ]
}

extension TombBackend: SpecEnum {}
