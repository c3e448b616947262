// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState
import DurableIO

/// Secrets that lie in clear in an `env` file.
struct EnvironmentSecrets: Equatable {
  /// Variables that hold one, in the order of the file.
  let names: [String]
  /// Numbers of lines that hold one without being an assignment.
  let lines: [Int]

  /// How the tomb itself is opened stands outside of it.
  private static let ofTheTomb: Set<String> = [
    "KAFCLAW_OAUTH_KEY_BACKEND", "KAFCLAW_OAUTH_TOMB_FILE",
  ]

  init(in file: EnvironmentFile) {
    var (names, known): ([String], Set<String>) = ([], [])
    for line in file.lines {
      guard let found = line.assignment, !Self.ofTheTomb.contains(found.name),
        !known.contains(found.name),
        SensitiveName.isSecret(found.name, file.bytes(in: found.value))
      else { continue }
      names.append(found.name)
      known.insert(found.name)
    }
    self.names = names
    lines = file.lines.filter { Self.isSecret($0.content, file.bytes(in: $0.range)) }.map(\.number)
  }

  var isEmpty: Bool { names.isEmpty && lines.isEmpty }

  private static func isSecret(
    _ content: EnvironmentFile.Line.Content, _ line: ArraySlice<UInt8>
  ) -> Bool {
    switch content {
    case .blank, .assignment: false
    case .comment: SecretPattern.matches(line)
    case .malformed: isSecret(trimmed(line))
    }
  }

  /// A line that gives a name and a value in another way: `A TOKEN = value`, `token: value`.
  private static func isSecret(_ line: ArraySlice<UInt8>) -> Bool {
    if SensitiveValue.looksSecret(line) { return true }
    guard let sign = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") })
    else { return false }
    let (name, value) = (trimmed(line[..<sign]), trimmed(line[(sign + 1)...]))
    // Prose has colons, too.
    let isProse = line[sign] == UInt8(ascii: ":") && (name + value).contains(where: isBlank)
    return !isProse
      && SensitiveName.isSecret(String(decoding: name.suffix(128), as: UTF8.self), value)
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// What was found, as evidence. Values are never shown.
  func evidence(in path: String) -> [String] {
    let named = names.map { "\(SensitiveName.shown($0)) is a secret and lies in clear in \(path)" }
    let others = lines.map { "line \($0) of \(path) has a secret in clear, and no name for it" }
    return Findings.shortened(named + others)
  }
}

extension SensitiveName {
  /// A name as people may see it: where something else got into its place, it is not shown.
  static func shown(_ name: String) -> String {
    let isName = name.utf8.count <= 128 && name.unicodeScalars.allSatisfy { $0.value < 0x7F }
    return isName && !SecretPattern.matches(name) ? name : Quoted(name).description
  }
}
