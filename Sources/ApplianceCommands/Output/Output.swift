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

  static func note(_ text: String) { write("kafclaw: \(text)\n", to: 2) }

  static func failure(_ error: ApplianceError) {
    note(error.message)
    if let hint = error.hint { note("hint: \(hint)") }
  }

  /// Colour only on a terminal, and not where `NO_COLOR` is set.
  static var allowsColour: Bool {
    guard isatty(1) == 1 else { return false }
    if let variable = getenv("NO_COLOR"), variable.pointee != 0 { return false }
    return true
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      offset += count
    }
  }
}
