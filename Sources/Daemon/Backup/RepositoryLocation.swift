// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import Backup
public import DesiredState
public import DurableIO

/// Where a repository is, as people write it: a folder, or a place in an S3-compatible store.
public enum RepositoryLocation: Sendable {
  case folder(String)
  case objects(S3Address, S3Credentials)

  /// Variables that clients of S3 read.
  private static let variables = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

  /// - Parameters:
  ///   - declared: What the desired state in force says of backups: its keys open its own repository.
  ///     Other ones are opened by the variables that clients of S3 read, or by entries of the tomb
  ///     that stand for them.
  /// - Throws: `model.malformed` for an address that cannot be; `secret.missing`.
  public init(
    _ text: String, declared: BackupSpec?, _ paths: AppliancePaths, _ tomb: TombSpec
  ) throws {
    guard text.hasPrefix(RepositoryAddress.remotePrefix) else {
      self = .folder(RepositoryAddress.normal(text))
      return
    }
    let address = try S3Address(text)
    let own =
      declared.map { RepositoryAddress.normal($0.repository) } == address.text ? declared : nil
    let secrets = SecretResolver(paths, tomb, HostAudit(paths))
    let id = try secrets.resolve(
      own?.accessKey ?? .environment(Self.variables.0), for: .supervisor)
    self = .objects(
      address,
      try S3Credentials(
        accessKeyID: id.withBytes { String(decoding: $0, as: UTF8.self) },
        secretKey: try secrets.resolve(
          own?.secretKey ?? .environment(Self.variables.1), for: .supervisor)))
  }

  /// As the desired state and people write it.
  public var address: String {
    switch self {
    case .folder(let path): path
    case .objects(let address, _): address.text
    }
  }

  /// Its last part, or its address, for people.
  var name: String {
    switch self {
    case .folder(let path): String(path.split(separator: "/").last ?? "repository")
    case .objects(let address, _): address.text
    }
  }

  /// Refuses a folder in a repository: whoever copies that would copy what lies there in plain text.
  ///
  /// - Parameter address: Of the repository.
  /// - Throws: `backup.repository`.
  public static func requireOutside(_ address: String, _ path: String) throws {
    guard let own = PrivateFolder.resolve(address) else { return }
    var above = path
    while PrivateFolder.resolve(above) == nil, DurableFile.parentFolder(of: above) != above {
      above = DurableFile.parentFolder(of: above)
    }
    guard let resolved = PrivateFolder.resolve(above), (resolved + "/").hasPrefix(own + "/") else {
      return
    }
    throw ApplianceError(
      .backupRepository, "\"\(path)\" lies in the repository", hint: "name a folder elsewhere")
  }

  public func storage() throws -> any BackupStorage {
    switch self {
    case .folder(let path): FolderStorage(path: path)
    case .objects(let address, let credentials): try S3Storage(address, credentials)
    }
  }
}
