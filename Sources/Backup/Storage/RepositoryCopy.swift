// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A repository from elsewhere in a folder of this host.
public enum RepositoryCopy {
  /// - Parameter target: A folder that is not there yet.
  /// - Throws: `backup.storage`; what was copied so far is left there.
  public static func make(from storage: any BackupStorage, to target: String) throws {
    let copy = FolderStorage(path: target)
    try copy.prepare()
    let folders = ["keys", "heads", "copies", "index", "snapshots", "packs"]
    for file in try folders.flatMap({ try storage.files(in: $0) }) {
      try copy.add(file.name, try storage.read(file.name, limit: RepositoryFormat.recordLimit))
    }
    // Last: without it there is no repository.
    try copy.add("config", try storage.read("config", limit: RepositoryFormat.smallLimit))
  }
}
