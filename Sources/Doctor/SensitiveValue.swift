// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

/// What the bytes of a value tell, whatever its name. They are looked at where they lie.
enum SensitiveValue {
  /// Whether it is a secret by its form: a known credential, or an address with a password in it.
  static func looksSecret(_ value: ArraySlice<UInt8>) -> Bool {
    SecretPattern.matches(value) || hasPassword(value) || hasSecretParameter(value)
  }

  static func isBlank(_ value: ArraySlice<UInt8>) -> Bool {
    value.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
  }

  /// The public half of a credential of AWS, which has a form of its own.
  static func isAccessKeyID(_ value: ArraySlice<UInt8>) -> Bool {
    value.count == 20 && (starts(value, with: "AKIA") || starts(value, with: "ASIA"))
  }

  static func isNumber(_ value: ArraySlice<UInt8>) -> Bool {
    value.contains(where: isDigit) && value.allSatisfy { isDigit($0) || $0 == 0x5F || $0 == 0x2E }
  }

  /// Whether it is a choice or the path of a file, and not a secret itself.
  ///
  /// - Parameter isSwitch: Whether the name asks for yes or no.
  static func isSetting(_ value: ArraySlice<UInt8>, isSwitch: Bool) -> Bool {
    if isPath(value) || isWord(value, of: choices) { return true }
    return isSwitch && value.count == 1 && isNumber(value)
  }

  /// Whether it is a way to authenticate, such as `basic`.
  static func isMethod(_ value: ArraySlice<UInt8>) -> Bool { isWord(value, of: methods) }

  /// Whether it is a web address with a path or a query.
  static func namesMoreThanAHost(_ value: ArraySlice<UInt8>) -> Bool {
    guard starts(value, with: "http://") || starts(value, with: "https://") else { return false }
    let rest = value.dropFirst(8).drop { !isEndOfAuthority($0) }
    return rest.count > 1
  }

  // MARK: Addresses

  private static let scheme = Array("://".utf8)

  /// `scheme://user:password@host`, anywhere. A password that is a variable, as in `${NAME}`, is
  /// none.
  private static func hasPassword(_ value: ArraySlice<UInt8>) -> Bool {
    var rest = value
    while let found = rest.firstRange(of: scheme) {
      let before = rest[..<found.lowerBound].last
      rest = rest[found.upperBound...]
      guard let before, isLetterOrDigit(before) else { continue }
      let authority = rest.prefix { !isEndOfAuthority($0) }
      guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
        let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":"))
      else { continue }
      if isFilled(authority[(colon + 1)..<at]) { return true }
    }
    return false
  }

  /// `?token=…` and its like, in an address.
  private static func hasSecretParameter(_ value: ArraySlice<UInt8>) -> Bool {
    guard value.firstRange(of: scheme) != nil,
      let mark = value.firstIndex(of: UInt8(ascii: "?"))
    else { return false }
    let pairs = value[(mark + 1)...].split { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }
    return pairs.contains { pair in
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return false }
      return isWord(pair[..<equals], of: parameters) && isFilled(pair[(equals + 1)...])
    }
  }

  private static func isFilled(_ password: ArraySlice<UInt8>) -> Bool {
    guard !password.isEmpty else { return false }
    let isVariable = starts(password, with: "${") && password.last == UInt8(ascii: "}")
    return !isVariable
  }

  private static func isEndOfAuthority(_ byte: UInt8) -> Bool {
    byte <= 0x20
      || [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\"")].contains(
        byte)
  }

  // MARK: Words

  private static let choices = set([
    "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "enabled", "disabled", "auto",
  ])

  private static let methods = set([
    "0", "1", "basic", "bearer", "digest", "plain", "login", "token", "jwt", "oauth", "oauth2",
    "oidc", "saml", "ldap", "tls", "mtls", "sasl", "kerberos",
  ])

  private static let parameters = set([
    "password", "passwd", "pwd", "token", "access_token", "auth_token", "api_key", "apikey",
    "secret", "client_secret", "sig", "signature",
  ])

  private static func set(_ words: [String]) -> Set<[UInt8]> { Set(words.map { Array($0.utf8) }) }

  /// Bytes.
  private static let longestWord = 16

  private static func isWord(_ text: ArraySlice<UInt8>, of words: Set<[UInt8]>) -> Bool {
    text.count <= longestWord
      && words.contains(text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
  }

  private static let systemFolders = [
    "/bin/", "/dev/", "/etc/", "/home/", "/media/", "/mnt/", "/opt/", "/proc/", "/root/", "/run/",
    "/srv/", "/tmp/", "/usr/", "/var/", "~/", "./", "../",
  ]

  /// Whether it is the path of a file. Random text may begin with a slash; it is no path for that.
  private static func isPath(_ value: ArraySlice<UInt8>) -> Bool {
    guard let first = value.first, first == 0x2F || first == 0x2E || first == 0x7E,
      value.allSatisfy({ isLetterOrDigit($0) || [0x2D, 0x2E, 0x2F, 0x40, 0x5F, 0x7E].contains($0) })
    else { return false }
    if systemFolders.contains(where: { starts(value, with: $0) }) { return true }
    guard let dot = value.lastIndex(of: 0x2E) else { return false }
    let ending = value[(dot + 1)...]
    return (2...5).contains(ending.count) && ending.allSatisfy(isLetterOrDigit)
      && value[..<dot].last.map(isLetterOrDigit) == true
  }

  private static func starts(_ value: ArraySlice<UInt8>, with text: String) -> Bool {
    value.starts(with: text.utf8)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
