// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension TombBackend {
  /// The slot that is opened.
  var slot: KeySlot.Kind {
    switch self {
    case .local: .local
    case .passphrase, .keyring: .passphrase
    case .file: .file
    case .systemd: .systemd
    }
  }
}
