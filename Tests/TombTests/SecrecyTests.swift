// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import SodiumCrypto
import Testing

@testable import Tomb

/// Where a secret must not be found.
struct SecrecyTests {
  private let now = TombHome.start
  private static let canary = "canary-4711-of-some-length"

  /// Every file below a folder, with its path.
  private func files(_ folder: String) throws -> [(name: String, bytes: Data)] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).compactMap { name in
      let path = folder + "/" + name
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { return nil }
      return (name, try Data(contentsOf: URL(filePath: path)))
    }
  }

  @Test(arguments: [TombBackend.local, .passphrase, .systemd])
  func noFileHasAValueANameOrAKey(backend: TombBackend) throws {
    let home = try TombHome(backend)
    let (store, key) = try home.made()
    let details = EntryDetails(purpose: "purpose-\(Self.canary)")
    try store.set("name-\(Self.canary)", Self.canary, details)
    try store.rotate("name-\(Self.canary)", to: Self.canary + "2", overlap: .seconds(9))
    try store.rotateKey(at: now)
    let export = try store.export(to: key.recipient, at: now)
    try Data(export).write(to: URL(filePath: home.folder("home/export")))
    var secrets = [Data(Self.canary.utf8), Data(TombHome.passphrase.utf8)]
    secrets += [key.text, key.words].map { Data($0.withBytes { Array($0) }) }
    secrets.append(Data(key.key.privateKey.withBytes { Array($0) }))
    let opened = try store.open()
    for keys in opened.keys { secrets.append(Data(keys.root.withBytes { Array($0) })) }
    if backend != .local, let host = opened.host {
      secrets.append(Data(host.withBytes { Array($0) }))
    }
    let found = try files(home.paths.home)
    #expect(found.map(\.name).sorted().count == 5)
    for (name, bytes) in found {
      for (index, secret) in secrets.enumerated() {
        #expect(bytes.range(of: secret) == nil, "\(name) has secret \(index)")
      }
    }
  }

  @Test func everyFileIsPrivate() throws {
    let home = try TombHome(.file)
    _ = try home.filled()
    let paths =
      TombHome.names.map { home.path($0) } + [home.paths.tombLock, home.folder("medium/key")]
    for path in paths {
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
      #expect(mode as? Int == 0o600, "\(path)")
    }
  }

  @Test func nothingTellsASecretWhenItIsPrinted() throws {
    let key = try RecoveryKey.random()
    let (value, secret) = (SecretValue(copying: Array(Self.canary.utf8)), try SecretKey.random())
    let keys = TombKeys(epoch: 1, root: secret)
    var told = ""
    for thing in [value, secret, key, keys, key.text, key.words] as [Any] {
      dump(thing, to: &told)
      told += "\(thing) \(String(describing: thing)) \(String(reflecting: thing))"
      told += Mirror(reflecting: thing).children.map { "\($0)" }.joined()
    }
    let bytes = [secret, key.key.privateKey].map { $0.withBytes { Array($0) } }
    var hidden =
      [Self.canary, key.text.text, key.words.text] + bytes.map { Hexadecimal.encode($0) }
    hidden += bytes.map { $0.prefix(8).map(String.init).joined(separator: ", ") }
    for text in hidden { #expect(!told.contains(text)) }
    #expect(told.contains("<redacted>"))
  }

  @Test func errorsTellNothingOfWhatWasTyped() throws {
    let key = try RecoveryKey.random()
    let (text, words) = (key.text.text, key.words.text)
    let wrong = [
      text.replacingOccurrences(of: "0", with: "g"), text + "00", String(text.dropLast(4)),
      words + " " + words, String(words.dropLast()), Self.canary, "", "kafclaw-recovery-", "\u{0}",
    ]
    for typed in wrong {
      do {
        _ = try RecoveryKey(SecretValue(copying: Array(typed.utf8)))
        Issue.record("taken")
      } catch let error as ApplianceError {
        #expect(error.code == .tombInvalid)
        let parts = text.dropFirst(17).prefix(8) + " " + words.prefix(5)
        for part in parts.split(separator: " ") {
          #expect(!"\(error.message) \(error.hint ?? "")".contains(part))
        }
      }
    }
  }

  /// The pages are given back after they were overwritten; whoever gets them next reads nothing.
  @Test func aReleasedValueIsOverwritten() throws {
    let mark = Array("released-\(UUID().uuidString)".utf8)
    var place = UInt(0)
    do {
      let value = SecretValue(count: mark.count) { $0.copyBytes(from: mark) }
      value.withBytes { place = UInt(bitPattern: $0.baseAddress) }
      #expect(try memory(at: place, mark.count) == mark)
    }
    // Where the allocator has given the page away it cannot be read, which is as good.
    #expect(try memory(at: place, mark.count) != mark)
  }

  /// The memory of this process as the kernel has it, so that nothing is optimised away.
  private func memory(at place: UInt, _ count: Int) throws -> [UInt8]? {
    let file = try Descriptor(opening: "/proc/self/mem", O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: count)
    return pread(file.number, &bytes, count, off_t(place)) == count ? bytes : nil
  }

  @Test func whatCameInAnArrayIsOverwrittenThere() {
    var bytes = Array(Self.canary.utf8)
    let value = bytes.withUnsafeBytes { SecretValue(copying: $0) }
    let copy = SecretValue(wiping: &bytes)
    #expect(bytes.isEmpty && copy.text == value.text)
  }
}
