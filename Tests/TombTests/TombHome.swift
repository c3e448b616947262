// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import TestSupport

@testable import Tomb

/// A host with a tomb, in a folder of its own.
struct TombHome {
  let folder: TemporaryFolder
  let paths: AppliancePaths
  let files: TombFiles
  let backend: TombBackend

  static let passphrase = "six words that nobody has guessed yet"
  static let start = Date(timeIntervalSince1970: 1_800_000_000)
  static let credential = [UInt8](repeating: 0x5A, count: 32)

  init(_ backend: TombBackend = .local) throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("home")
    try folder.makeFolder("medium")
    paths = .user(home: folder("home"))
    files = TombFiles(paths)
    self.backend = backend
  }

  /// Another process of the same host, which has opened nothing yet.
  func store(
    _ other: TombBackend? = nil, credential: [UInt8] = credential, passphrase: String = passphrase
  ) -> TombStore {
    TombStore(
      files,
      SlotOpener(
        other ?? backend, keyFile: folder("medium/key"),
        passphrase: { _ in SecretValue(copying: Array(passphrase.utf8)) },
        // Keeps the folder for as long as there is a store.
        credential: { [folder] in
          withExtendedLifetime(folder) { SecretValue(copying: credential) }
        }))
  }

  /// A tomb with its recovery key.
  func made() throws -> (store: TombStore, key: RecoveryKey) {
    let (store, key) = (store(), try RecoveryKey.random())
    try store.create(recovery: [key.recipient], at: Self.start)
    return (store, key)
  }

  /// A tomb with two entries, one of them in two versions.
  func filled() throws -> (store: TombStore, key: RecoveryKey) {
    let (store, key) = try made()
    try store.set("gateway/token", "first", at: Self.start)
    try store.set("provider", "other!", at: Self.start)
    try store.rotate("gateway/token", to: "second", overlap: .seconds(60), at: Self.start)
    return (store, key)
  }

  static let names = ["tomb.rr", "entries.sealed", "tomb.seen"]

  func path(_ name: String) -> String {
    switch name {
    case "tomb.rr": paths.tombFile
    case "entries.sealed": paths.tombEntries
    default: paths.tombRecord
    }
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try DurableFile.read(path(name), limit: 1 << 28)
  }

  func put(_ bytes: [UInt8], _ name: String) throws {
    // Without a flush: thousands of them are put.
    let url = URL(filePath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    guard chmod(path(name), 0o600) == 0 else { throw SetupFailure(what: name) }
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

  /// All three files.
  func image() throws -> [String: [UInt8]] {
    try Self.names.reduce(into: [:]) { $0[$1] = try bytes($1) }
  }

  func put(_ image: [String: [UInt8]]) throws {
    for (name, bytes) in image { try put(bytes, name) }
  }
}

extension TombStore {
  func set(
    _ name: String, _ value: String, _ details: EntryDetails = EntryDetails(),
    at now: Date = TombHome.start
  ) throws {
    try set(name, SecretValue(copying: Array(value.utf8)), details, at: now)
  }

  func rotate(
    _ name: String, to value: String, overlap: Duration = .zero, at now: Date = TombHome.start
  ) throws {
    try rotate(name, to: SecretValue(copying: Array(value.utf8)), overlap: overlap, at: now)
  }

  func text(_ name: String) throws -> String { try value(name, for: "gateway").text }

  func texts(_ name: String, at now: Date = TombHome.start) throws -> [String] {
    try versions(name, for: "gateway", at: now).map(\.value.text)
  }

  func numbers(_ name: String, at now: Date = TombHome.start) throws -> [Int] {
    try versions(name, for: "gateway", at: now).map(\.version.number)
  }

  /// The code with which the tomb refuses to be read; `nil` when it opens.
  func refusal() -> ApplianceError.Code? { failure { _ = try verify() } }
}

extension SecretValue {
  var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

func failure(_ body: () throws -> Void) -> ApplianceError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ApplianceError)?.code ?? ApplianceError.Code("no ApplianceError")
  }
}
