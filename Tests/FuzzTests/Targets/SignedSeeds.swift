// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Provenance

/// What git and `ssh-keygen` made with keys that were thrown away then.
enum SignedSeeds {
  /// One signer, of the genuine commits and the signature.
  static let signers: [Signer] = {
    do {
      let key = try SSHPublicKey(
        authorizedKey:
          "ssh-ed25519 "
          + "AAAAC3NzaC1lZDI1NTE5AAAAIBKEIojG2KYzLh2vS0OuWcQmjZoG6POfoeTzsJTppc3W")
      return [Signer(name: "alice", key: key, roles: [.commit])]
    } catch {
      // Without a signer no genuine commit verifies, which is a complaint.
      return []
    }
  }()

  static let first = Array(
    """
    tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    author Alice <alice@example.org> 1750000000 +0200
    committer Alice <alice@example.org> 1750000001 +0200
    gpgsig -----BEGIN SSH SIGNATURE-----
     U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgEoQiiMbYpjMuHa9LQ65ZxCaNmg
     bo85+h5POwlOmlzdYAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5
     AAAAQGHlEo3Aiv0GKIKBA+8eKUhrutdCZgWmJm1U/4bEKJgPibPCG23G1o2KM6fCcnrqvy
     /FBpMKke+ysXYx3y0YwwQ=
     -----END SSH SIGNATURE-----

    first

    """.utf8)

  static let second = Array(
    """
    tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    parent 28bfc4095f7783b93f272cfbbb95386f1fb92f5d
    author Alice <alice@example.org> 1750000000 +0200
    committer Alice <alice@example.org> 1750000001 +0200
    gpgsig -----BEGIN SSH SIGNATURE-----
     U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgEoQiiMbYpjMuHa9LQ65ZxCaNmg
     bo85+h5POwlOmlzdYAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5
     AAAAQDUT7qv/jbakBypnJ46zB/M0rkacfaR17F0zVQAhuoRlDa/xU//hIcp/wmQ1A1sJGT
     S6iyKd6B4rztTgdACjogQ=
     -----END SSH SIGNATURE-----

    subject

    body ü

    """.utf8)

  /// Signed by a key that is no signer.
  static let byAnother = Array(
    """
    tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    parent 28bfc4095f7783b93f272cfbbb95386f1fb92f5d
    author Alice <alice@example.org> 1750000000 +0200
    committer Alice <alice@example.org> 1750000001 +0200
    gpgsig -----BEGIN SSH SIGNATURE-----
     U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgvUfhv7pvuHWQQK6nIpR35sxeR8
     3++3nXGcf9mmyqINIAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5
     AAAAQLQpZEdspJ8HJtJUe7SilsHk6X4KrG9G+dl5ZP2DRHVAHild40ml9AlwjmboZODgT2
     byWpVhlOrchik9rxYkCgo=
     -----END SSH SIGNATURE-----

    other

    """.utf8)

  static let signedMessage = Array("fuzz".utf8)

  /// Of ``signedMessage`` for `git`, without a line feed at its end.
  static let signature = Array(
    """
    -----BEGIN SSH SIGNATURE-----
    U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgEoQiiMbYpjMuHa9LQ65ZxCaNmg
    bo85+h5POwlOmlzdYAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5
    AAAAQLdce0KZf0ATol8BWbVEIbCwUADjI7D6QOBzfEsu+mSvkrCcAh5hqCOZmjP+60LBzT
    qVDucWVeUGWMDUlAuCUgU=
    -----END SSH SIGNATURE-----
    """.utf8)

  /// The bytes within ``signature``.
  static let signatureBlob: [UInt8] = {
    let lines = String(decoding: signature, as: UTF8.self).split(separator: "\n")
    return [UInt8](Data(base64Encoded: lines.dropFirst().dropLast().joined()) ?? Data())
  }()
}
