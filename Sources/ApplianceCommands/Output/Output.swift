// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Where results and everything else go: results to standard output, the rest to standard error.
enum Output {
  static func line(_ text: String) { write(text + "\n", to: 1) }

  static func text(_ text: String) { write(text, to: 1) }

  static func json(_ value: some Encodable) throws {
    let bytes = try ApplianceJSON.encode(value, pretty: true)
    write(String(decoding: bytes, as: UTF8.self) + "\n", to: 1)
  }

  /// An object of these members, and of the version of its form.
  static func json(members: [String: JSONValue]) throws {
    try json(JSONValue.object(members.merging(["formatVersion": 1]) { one, _ in one }))
  }

  /// A value whose own form has no version.
  static func json(versioned value: some Encodable) throws { try json(Versioned(value: value)) }

  /// The beginning of a line that somebody else ends.
  static func prompt(_ text: String) { write(text, to: 2) }

  static func note(_ text: String) { write("kafclaw: \(text)\n", to: 2) }

  static func failure(_ error: ApplianceError) {
    note(error.message)
    if let hint = error.hint { note("hint: \(hint)") }
  }

  /// A secret beside a result that programs read.
  static func secretNote(_ secret: SecretValue) {
    secret.withBytes { write($0, to: 2) }
    write("\n", to: 2)
  }

  /// Colour only on a terminal, and not where `NO_COLOR` is set.
  static var allowsColour: Bool {
    guard isatty(1) == 1 else { return false }
    if let variable = getenv("NO_COLOR"), variable.pointee != 0 { return false }
    return true
  }

  /// Bytes that must not be copied into a text, such as a secret that is shown once.
  static func bytes(_ bytes: UnsafeRawBufferPointer) { write(bytes, to: 1) }

  private static func write(_ text: String, to descriptor: Int32) {
    Array(text.utf8).withUnsafeBytes { write($0, to: descriptor) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    var offset = 0
    while offset < bytes.count {
      let count = Glibc.write(
        descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
      if count < 0 && errno == EINTR { continue }
      // A result that nobody gets is none: a recovery key is shown once.
      guard count > 0 || descriptor != 1 else { Glibc.exit(1) }
      guard count > 0 else { return }
      offset += count
    }
  }
}

/// What long work says meanwhile: on a terminal only.
enum Progress {
  static func note(_ text: String) {
    if isatty(2) == 1 { Output.note(text) }
  }
}

/// An object with the version of its form as another member.
private struct Versioned<Value: Encodable>: Encodable {
  private enum CodingKeys: String, CodingKey { case formatVersion }

  let value: Value

  func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(1, forKey: .formatVersion)
  }
}
