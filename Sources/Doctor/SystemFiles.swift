// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

/// Files of the operating system, below `/` or below a folder that stands for it.
public struct SystemFiles: Sendable {
  public let root: String

  public init(root: String = "") { self.root = root }

  func path(_ path: String) -> String { root + path }

  /// The text of a file; `nil` where there is none.
  ///
  /// - Throws: `io.*` when it cannot be read: that is no absence.
  func text(_ path: String, limit: Int = 8 << 20) throws -> String? {
    try DurableFile.readIfPresent(self.path(path), limit: limit).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// The lines of a file; none where there is none.
  func lines(_ path: String) throws -> [Substring] {
    (try text(path) ?? "").split(separator: "\n")
  }

  /// The names in a folder, sorted; none where there is none.
  func names(in path: String) throws -> [String] {
    try PrivateFolder.names(in: self.path(path)).sorted()
  }
}
