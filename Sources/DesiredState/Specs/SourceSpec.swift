// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The desired-state repository.
public struct SourceSpec: Sendable, Equatable {
  public var repository = ""
  public var branch = "main"
  public var path = ""
  public var verify: SourceVerification = .none
  public var start: CommitID?
  public var credential: SecretReference?
  public var username: String?
  public var hostKeys: [String] = []
  public var certificateAuthority: String?
  public var timeout = SpecDuration(seconds: 60)

  public init() {}
}

extension SourceSpec: SpecSection, SpecNesting {
  package static var summary: String { "The desired-state repository." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "repository", \.repository, required: true,
      "Address of a git repository: an absolute path, or `file://`, `ssh://`, `git@host:path`, "
        + "`https://`. Plain `http://` is refused."),
    SpecField("branch", \.branch, "Branch to follow."),
    SpecField("path", \.path, "Folder inside the repository. Defaults to its root."),
    SpecField(
      "verify", \.verify, required: true,
      "How commits are verified. `signatures`: every commit on the first-parent path since the "
        + "last applied one is signed by one of `signers`. `none` says in so many words that "
        + "they are not; `status` then carries `SourceUnverified`."),
    SpecField(
      "start", \.start,
      "The commit that this host starts from, confirmed by its operator. Required with "
        + "`verify: signatures` until one was accepted, and again after repository, branch or "
        + "path were changed."),
    SpecField(
      "credential", \.credential,
      "Where the deploy key (ssh: an unencrypted private key) or token (https) is kept."),
    SpecField(
      "username", \.username,
      "User name, where the address has none. Defaults to `git`."),
    SpecField(
      "hostKeys", \.hostKeys,
      "Host keys of the ssh server, as `SHA256:…` fingerprints or `ssh-ed25519 AAAA…`; without "
        + "one, ssh is refused. `ssh-keyscan HOST | ssh-keygen -lf -` lists them."),
    SpecField(
      "certificateAuthority", \.certificateAuthority,
      "PEM file with the only certificate authorities that https trusts. Defaults to the "
        + "system's."),
    SpecField(
      "timeout", \.timeout,
      "After this long a fetch is given up, by ending its process."),
  ]
}

/// How commits are verified.
public enum SourceVerification: String, SpecEnum {
  case none
  case signatures
}
