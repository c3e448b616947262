// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How this host opens its tomb. Declared in `appliance.yaml`; another one is never tried.
public enum TombBackend: String, Sendable, Codable, CaseIterable {
  /// The key lies in `tomb.rr` itself, apart from what it opens. Protects against the loss of the
  /// state home or its backups alone; not against somebody who reads both files.
  case local
  /// The key is wrapped by a passphrase (Argon2id).
  case passphrase
  /// The key lies in a file elsewhere, such as a mounted medium.
  case file
  /// The key is a credential of the service manager (systemd.exec(5), `LoadCredential=`).
  case systemd
  /// As `passphrase`, and the kernel keeps the opened key for the user's session (keyrings(7)).
  case keyring
}
