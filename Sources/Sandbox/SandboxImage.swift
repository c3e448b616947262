// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The image of the containers: empty folders and links. The system itself is the host's, shown
/// read-only, so nothing is downloaded and nothing in it grows old.
enum SandboxImage {
  /// Imports the image where it is missing. Returns its identifier, `sha256:…`.
  static func identifier(_ engine: ContainerEngine, _ backend: SandboxBackend) throws -> String {
    let archive = archive(SystemView.current(hasNetwork: false))
    let name = "localhost/kafclaw-sandbox:\(fingerprint(archive))"
    let question = ["image", "inspect", "--format", "{{.Id}}", name]
    do {
      return try checked(engine.ask(question))
    } catch {
      _ = try engine.ask(["import", "-", name], input: archive)
      return try checked(engine.ask(question))
    }
  }

  private static func checked(_ answer: String) throws -> String {
    let digits = answer.hasPrefix("sha256:") ? String(answer.dropFirst(7)) : answer
    guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) else {
      throw ApplianceError(.sandboxFailed, "\"\(answer)\" is no identifier of an image")
    }
    return "sha256:" + digits
  }

  /// FNV-1a: tells layouts apart. What runs is pinned by the engine's own digest.
  private static func fingerprint(_ bytes: [UInt8]) -> String {
    let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }

  /// An archive in the format of ustar, pax(1p).
  static func archive(_ view: SystemView) -> [UInt8] {
    let folders =
      ["dev", "etc", "proc", "run", "sys", "tmp", "usr"]
      + view.shown.filter { $0 != "/usr" && !$0.hasPrefix("/etc/") }.map { String($0.dropFirst()) }
    return folders.sorted().flatMap { folder in
      // runc gives what it mounts here the mode of the image's folder, whatever mode was asked for.
      header(name: folder + "/", kind: "5", mode: folder == "tmp" ? "0001777" : "0000755")
    }
      + view.links.flatMap {
        header(name: String($0.path.dropFirst()), kind: "2", mode: "0000777", target: $0.target)
      } + [UInt8](repeating: 0, count: 1024)
  }

  private static func header(
    name: String, kind: String, mode: String, target: String = ""
  ) -> [UInt8] {
    let fields: [(text: String, size: Int)] = [
      (name, 100), (mode, 8), ("0000000", 8), ("0000000", 8), ("00000000000", 12),
      ("00000000000", 12), ("        ", 8), (kind, 1), (target, 100), ("ustar", 6), ("00", 2),
      ("root", 32), ("root", 32), ("0000000", 8), ("0000000", 8), ("", 155), ("", 12),
    ]
    var block = fields.flatMap { field in
      Array(field.text.utf8.prefix(field.size))
        + [UInt8](repeating: 0, count: max(0, field.size - field.text.utf8.count))
    }
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    let padded = String(repeating: "0", count: max(0, 6 - sum.count)) + sum
    block.replaceSubrange(148..<156, with: Array(padded.utf8) + [0, UInt8(ascii: " ")])
    return block
  }
}
