// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Foundation

extension ApplianceError.Code {
  /// A server's ssh host key is not pinned, or a pin cannot be read.
  public static let gitHostKey = Self("git.host-key")
  /// A server wants a credential, or does not take the one it was given.
  public static let gitAuthentication = Self("git.authentication")
}

/// What a fetch needs besides the address. Travels over the `source` process's own socket, never
/// through arguments, environment or files.
public struct RemoteAccess: Sendable, Codable {
  public enum Credential: Sendable, Codable {
    case none
    /// An unencrypted private key in OpenSSH or PEM form.
    case sshKey(RemoteSecret)
    /// A token or password for https.
    case token(RemoteSecret)
  }

  /// Host keys an ssh server may present: `SHA256:…` as `ssh-keygen -l` prints it, or a public key
  /// (`ssh-ed25519 AAAA…`).
  public var hostKeys: [String]
  /// Who to sign in as where the address does not say. Defaults to `git` for ssh, to
  /// `x-access-token` for https.
  public var username: String?
  /// A PEM file with the authorities that https servers are checked against, instead of the
  /// system's.
  public var certificateAuthority: String?
  public var credential: Credential

  public init(
    hostKeys: [String] = [], username: String? = nil, certificateAuthority: String? = nil,
    credential: Credential = .none
  ) {
    self.hostKeys = hostKeys
    self.username = username
    self.certificateAuthority = certificateAuthority
    self.credential = credential
  }

  /// Checks what can be checked without the server.
  ///
  /// - Throws: `git.host-key` without a readable pin for ssh; `git.authentication` for a credential
  ///   of another transport.
  public func validate(for remote: RemoteAddress) throws {
    let pins = try hostKeys.map { try HostKeyPin($0) }
    if let username, !AddressText.isUser(username) {
      throw ApplianceError(.gitAuthentication, "the user name for \"\(remote)\" is not usable")
    }
    switch (remote.transport, credential) {
    case (.ssh, _) where pins.isEmpty:
      let host = remote.host ?? ""
      let port = remote.port.map { "-p \($0) " } ?? ""
      throw ApplianceError(
        .gitHostKey, "no host key is pinned for \"\(host)\"",
        hint: "ssh-keyscan \(port)\(host) | ssh-keygen -lf - shows what it presents; compare with "
          + "what its operator publishes, then set source.hostKeys")
    case (_, .none), (.ssh, .sshKey), (.https, .token): return
    case (.ssh, .token):
      throw ApplianceError(.gitAuthentication, "\"\(remote)\" takes an ssh key, not a token")
    case (.https, .sshKey):
      throw ApplianceError(.gitAuthentication, "\"\(remote)\" takes a token, not an ssh key")
    case (.file, _):
      throw ApplianceError(.gitAuthentication, "\"\(remote)\" takes no credential")
    }
  }

  /// Who to sign in as.
  func user(of remote: RemoteAddress) -> String? {
    switch remote.transport {
    case .file: nil
    case .ssh: remote.user ?? username ?? "git"
    case .https: username ?? "x-access-token"
    }
  }
}

/// A secret that can be encoded for the link to the `source` process and shown nowhere.
public struct RemoteSecret: Sendable {
  private let value: SecretValue

  public init(_ value: SecretValue) {
    self.value = value
  }

  public init(copying bytes: some Collection<UInt8>) {
    value = SecretValue(copying: bytes)
  }

  /// Lends the bytes without the line breaks that files end with, and with the NUL that C wants.
  ///
  /// - Returns: `nil` when nothing is left or a NUL stands within.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result? {
    try value.withBytes { bytes in
      let breaks = bytes.reversed().prefix { $0 == 0x0A || $0 == 0x0D }
      let text = UnsafeRawBufferPointer(rebasing: bytes.dropLast(breaks.count))
      guard !text.isEmpty, !text.contains(0) else { return nil }
      return try withUnsafeTemporaryAllocation(byteCount: text.count + 1, alignment: 1) { copy in
        defer {
          for index in copy.indices { copy.storeBytes(of: 0, toByteOffset: index, as: UInt8.self) }
        }
        copy.copyMemory(from: text)
        copy[text.count] = 0
        guard let start = copy.baseAddress else { return nil }
        return try body(start.assumingMemoryBound(to: CChar.self))
      }
    }
  }
}

extension RemoteSecret: Codable {
  /// Base64 on the wire.
  public init(from decoder: any Decoder) throws {
    self.init(copying: try decoder.singleValueContainer().decode(Data.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value.withBytes { Data($0) })
  }
}

extension RemoteSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var debugDescription: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
