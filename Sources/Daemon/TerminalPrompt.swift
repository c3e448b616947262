// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DurableIO
import Glibc

/// Secrets that people type, without echo, at the terminal itself: standard input may be something
/// else.
public enum TerminalPrompt {
  /// Bytes of a line.
  private static let limit = 4_096

  /// Whether there is somebody to ask.
  public static var isPossible: Bool {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard terminal >= 0 else { return false }
    close(terminal)
    return true
  }

  /// - Throws: `secret.no-terminal`.
  public static func ask(_ question: String) throws -> SecretValue {
    guard isPossible else {
      throw ApplianceError(
        .noTerminal, "there is no terminal to ask for \(question)",
        hint: "give it on standard input")
    }
    let terminal = try Descriptor(opening: "/dev/tty", O_RDWR | O_NOCTTY)
    var before = termios()
    guard tcgetattr(terminal.number, &before) == 0 else {
      throw ApplianceError.system("set up", "/dev/tty")
    }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    guard tcsetattr(terminal.number, TCSAFLUSH, &silent) == 0 else {
      throw ApplianceError.system("set up", "/dev/tty")
    }
    defer { tcsetattr(terminal.number, TCSAFLUSH, &before) }
    try terminal.write(Array("\(question): ".utf8), to: "/dev/tty")
    let answer = try readLine(terminal.number)
    try terminal.write([UInt8(ascii: "\n")], to: "/dev/tty")
    return answer
  }

  /// Asks twice.
  ///
  /// - Throws: `secret.no-match`.
  public static func askTwice(_ question: String) throws -> SecretValue {
    let (first, second) = (try ask(question), try ask("\(question), once more"))
    let isSame = first.withBytes { a in second.withBytes { b in a.elementsEqual(b) } }
    guard isSame else { throw ApplianceError(.noMatch, "the two are not the same") }
    return first
  }

  private static func readLine(_ descriptor: Int32) throws -> SecretValue {
    var count = 0
    let line = try SecretValue(count: limit) { buffer in
      while count < buffer.count {
        let length = read(descriptor, buffer.baseAddress.map { $0 + count }, 1)
        if length < 0 && errno == EINTR { continue }
        guard length >= 0 else { throw ApplianceError.system("read", "/dev/tty") }
        if length == 0 || buffer[count] == UInt8(ascii: "\n") { return }
        count += 1
      }
      throw ApplianceError(.fileTooLarge, "what was typed is over \(limit) bytes")
    }
    return line.withBytes { SecretValue(copying: $0.prefix(count)) }
  }

  /// All of standard input, without one line end at the end.
  ///
  /// - Throws: `io.too-large`.
  public static func standardInput(limit: Int) throws -> SecretValue {
    try wholeInput(limit: limit + 2).withBytes { bytes in
      var rest = bytes[...]
      if rest.last == UInt8(ascii: "\n") {
        rest = rest.dropLast()
        if rest.last == UInt8(ascii: "\r") { rest = rest.dropLast() }
      }
      guard rest.count <= limit else { throw tooLarge(limit) }
      return SecretValue(copying: rest)
    }
  }

  /// All of standard input, to the last byte.
  ///
  /// - Throws: `io.too-large`.
  public static func wholeInput(limit: Int) throws -> SecretValue {
    var count = 0
    let all = try SecretValue(count: limit + 1) { buffer in
      while count < buffer.count {
        let length = read(0, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        if length < 0 && errno == EINTR { continue }
        guard length >= 0 else { throw ApplianceError.system("read", "standard input") }
        if length == 0 { return }
        count += length
      }
    }
    return try all.withBytes { bytes in
      guard count <= limit else { throw tooLarge(limit) }
      return SecretValue(copying: bytes.prefix(count))
    }
  }

  private static func tooLarge(_ limit: Int) -> ApplianceError {
    ApplianceError(.fileTooLarge, "standard input is over \(limit) bytes")
  }
}

extension ApplianceError.Code {
  /// Nobody can be asked.
  public static let noTerminal = Self("secret.no-terminal")
  /// What was typed twice differs.
  public static let noMatch = Self("secret.no-match")
}
