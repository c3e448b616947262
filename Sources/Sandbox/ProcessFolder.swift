// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// A private folder of this process, which removes it. Where that was killed, the next one of the purpose does.
public struct ProcessFolder: Sendable {
  private static let place = "/tmp"

  public let path: String

  /// - Parameter purpose: Part of its name; no hyphens.
  public init(_ purpose: String) throws {
    let mark = "kafclaw-\(purpose)-"
    Self.sweep(mark)
    var template = Array("\(Self.place)/\(mark)\(ProcessStamp.own.text)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ApplianceError.system("create", Self.place) }
    path = template.withUnsafeBufferPointer { buffer in
      String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Those of others, and of processes that live, stay.
  private static func sweep(_ mark: String) {
    // `try?`: what is not seen now is for the next process of the purpose.
    for name in (try? PrivateFolder.names(in: place)) ?? [] {
      guard let maker = ProcessStamp(ofName: name, after: mark), !maker.isAlive,
        isOwn(place + "/" + name)
      else { continue }
      FolderRemoval.remove(place + "/" + name)
    }
  }

  /// Nobody else puts another thing in its place then: the place is sticky.
  private static func isOwn(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && status.st_uid == geteuid()
  }

  /// With what is in it, never through a link.
  public func remove() { FolderRemoval.remove(path) }
}
