// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The digest of a folder, as anybody computes it:
/// `find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`.
public enum TreeDigest {
  public static func of(_ files: [String: SourceTree.File]) -> Digest {
    let paths = files.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var listing: [UInt8] = []
    for path in paths {
      guard let file = files[path] else { continue }
      listing += SHA256.digest(file.bytes).rawValue.utf8.dropFirst("sha256:".utf8.count)
      listing += "  \(path)\n".utf8
    }
    return SHA256.digest(listing)
  }
}
