// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import Foundation
import SodiumCrypto
import Tomb

/// What the steps of a drill are told, in a file. The key comes by standard input.
struct DrillOrder: Codable {
  /// `nil` for the newest.
  let snapshot: Int?
  let knownHead: KnownHead?
  let writer: String?
  /// What the root has to have besides, because this program needs it.
  let libraries: [String]
  /// Where the snapshot is brought back to.
  let places: [String]
}

/// The key that opens the repository of a drill.
enum DrillKey {
  case recovery(SecretValue)
  /// The root key itself, of a host that has it in its tomb.
  case root(SecretKey)

  private static let rootPrefix = "root:"

  init(_ text: SecretValue) throws {
    let prefix = Array(Self.rootPrefix.utf8)
    let digits = text.withBytes { bytes -> [UInt8]? in
      guard bytes.starts(with: prefix) else { return nil }
      return Hexadecimal.decode(String(decoding: bytes.dropFirst(prefix.count), as: UTF8.self))
    }
    guard var digits else {
      self = .recovery(text)
      return
    }
    defer { digits.resetBytes(in: 0..<digits.count) }
    self = .root(try digits.withUnsafeBytes { try SecretKey(copying: $0) })
  }

  /// As ``init(_:)`` reads it.
  var text: SecretValue {
    switch self {
    case .recovery(let text): text
    case .root(let key):
      key.withBytes {
        SecretValue(copying: Array((Self.rootPrefix + Hexadecimal.encode($0)).utf8))
      }
    }
  }

  func open(_ storage: any BackupStorage) throws -> SecretKey {
    switch self {
    case .root(let key): key
    case .recovery(let text):
      try BackupRepository.root(in: storage, with: try RecoveryKey(text).key)
    }
  }
}

extension BackupCommand {
  /// `kafclaw backup drill-steps`: what `kafclaw backup drill` runs in a root of its own.
  struct DrillStepsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drill-steps", abstract: "Carry out the steps of a drill.", shouldDisplay: false)

    @Argument(help: "File of the order.")
    var order: String

    func run() async throws {
      HostTomb.protectMemory()
      let bytes = try Data(contentsOf: URL(filePath: order))
      let order = try ApplianceJSON.decode(DrillOrder.self, from: Array(bytes))
      let key = try DrillKey(TerminalPrompt.standardInput(limit: 4_096))
      var steps = DrillSteps(order, key)
      await steps.run()
      try Output.json(steps.findings)
    }
  }
}
