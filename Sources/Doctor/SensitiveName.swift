// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Whether a variable holds a secret: by its name, or by what its value looks like.
enum SensitiveName {
  /// What a name says of its value.
  enum Meaning: Equatable {
    case secret
    /// A way to authenticate, or else a secret.
    case authentication
    /// How many tokens of a language model there are, unless it is no number.
    case count
    /// An address that is secret as a whole when it names more than a host.
    case hook
    case plain
  }

  /// - Parameter value: Without its quotes. An empty one is no secret.
  static func isSecret(_ name: String, _ value: ArraySlice<UInt8>) -> Bool {
    let words = words(of: name)
    guard !SensitiveValue.isBlank(value) else { return false }
    if SensitiveValue.looksSecret(value) {
      return !(isKeyID(words) && SensitiveValue.isAccessKeyID(value))
    }
    switch meaning(of: words) {
    case .secret: return !SensitiveValue.isSetting(value, isSwitch: isSwitch(words))
    case .authentication:
      return !SensitiveValue.isMethod(value)
        && !SensitiveValue.isSetting(value, isSwitch: isSwitch(words))
    case .count: return !SensitiveValue.isNumber(value)
    case .hook: return SensitiveValue.namesMoreThanAHost(value)
    case .plain: return false
    }
  }

  static func meaning(of name: String) -> Meaning { meaning(of: words(of: name)) }

  private static func meaning(of words: [String]) -> Meaning {
    let places = words.indices.map { meaning(of: $0, in: words) }
    for meaning in [Meaning.secret, .authentication, .count] where places.contains(meaning) {
      return meaning
    }
    let isHook = words.contains { $0.contains("WEBHOOK") || $0.contains("OUTBOUND") }
    let isAddress = words.last.map { addresses.contains($0) || !describing.contains($0) } ?? false
    return isHook && isAddress ? .hook : .plain
  }

  /// What one word says; a word after it may say that the value only describes the secret.
  private static func meaning(of place: Int, in words: [String]) -> Meaning {
    guard !words[(place + 1)...].contains(where: describing.contains) else { return .plain }
    let word = words[place]
    if word == "KEY" || word == "KEYS" { return isSecretKey(place, in: words) ? .secret : .plain }
    if word.contains("TOKEN") { return tokens(place, in: words) }
    let isAlone = words.count == 1
    let isLast = place == words.count - 1
    if word == "AUTH" { return isLast && !isAlone ? .authentication : .plain }
    if word == "PASS" || word == "PWD" { return isLast && !isAlone ? .secret : .plain }
    return word.hasSuffix("DSN") || parts.contains(where: word.contains) ? .secret : .plain
  }

  /// `API_KEY` wherever it stands; any other key at the end of the name, unless it is a public one.
  private static func isSecretKey(_ place: Int, in words: [String]) -> Bool {
    guard place > 0 else { return words.count == 1 }
    guard !["ID", "IDS"].contains(words[(place + 1)...].first) else { return false }
    let before = words[place - 1]
    guard !publicKeys.contains(before) else { return false }
    return secretKeys.contains(before) || place == words.count - 1
  }

  /// Tokens that open something, or those that a model is paid for.
  private static func tokens(_ place: Int, in words: [String]) -> Meaning {
    let word = words[place]
    guard !word.contains("TOKENI") else { return .plain }
    let isOneOfMany = word.contains("TOKENS")
    if !isOneOfMany { return place > 0 && bounds.contains(words[place - 1]) ? .plain : .secret }
    let isCounted =
      words.contains(where: counting.contains) || bounds.contains { word.hasPrefix($0) }
    return isCounted ? .plain : .count
  }

  private static func isKeyID(_ words: [String]) -> Bool { words.suffix(2) == ["KEY", "ID"] }

  private static func isSwitch(_ words: [String]) -> Bool {
    words.contains(where: switches.contains)
  }

  /// The words of `GATEWAY_AUTH_TOKEN`, `gateway.auth-token` and `gatewayAuthToken`: capitals,
  /// without numbers.
  private static func words(of name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var before: Character = "_"
    for character in name {
      let isHump = character.isUppercase && before.isLowercase
      if isHump || !character.isLetter {
        words.append(word)
        word = ""
      }
      if character.isLetter { word += character.uppercased() }
      before = character
    }
    return (words + [word]).filter { !$0.isEmpty }
  }
}

extension SensitiveName {
  /// Parts of words that say it by themselves.
  private static let parts = [
    "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "PASSCODE", "APIKEY", "ACCESSKEY", "PRIVATEKEY",
    "MASTERKEY", "ENCRYPTKEY", "ENCRYPTIONKEY", "SIGNINGKEY", "AUTHKEY", "COOKIE", "CREDENTIAL",
    "CREDS",
  ]

  /// What stands before `KEY` of a secret one.
  private static let secretKeys: Set<String> = [
    "API", "ACCESS", "PRIVATE", "MASTER", "ENCRYPT", "ENCRYPTION", "SIGNING", "SECRET", "CLIENT",
  ]

  /// What stands before `KEY` of one that everybody may know.
  private static let publicKeys: Set<String> = [
    "PUBLIC", "PUB", "PUBLISHABLE", "SITE", "TRUSTED", "AUTHORIZED", "ALLOWED", "KNOWN", "VERIFY",
    "VERIFICATION", "RECIPIENT", "PARTITION", "SORT", "PRIMARY", "FOREIGN", "ROUTING", "CACHE",
    "HOT",
    "SHORTCUT", "IDEMPOTENCY", "DEDUPLICATION", "PROJECT", "ISSUE", "REGISTRY", "OBJECT",
  ]

  /// Words that say that the value tells something about a secret.
  private static let describing: Set<String> = [
    "FILE", "FILES", "FILENAME", "PATH", "PATHS", "DIR", "DIRECTORY", "FOLDER", "LOCATION", "NAME",
    "NAMES", "COUNT", "COUNTS", "LIMIT", "LIMITS", "BUDGET", "QUOTA", "LENGTH", "SIZE", "BYTES",
    "BITS", "TTL", "AGE", "EXPIRY", "EXPIRE", "EXPIRES", "EXPIRATION", "LIFETIME", "VALIDITY",
    "TIMEOUT", "INTERVAL", "DAYS", "HOURS", "MINUTES", "SECONDS", "TYPE", "KIND", "MODE", "METHOD",
    "BACKEND", "ALGORITHM", "ALG", "FORMAT", "HEADER", "ENABLED", "DISABLED", "REQUIRED",
    "OPTIONAL",
    "POLICY", "SCOPE", "SCOPES", "ISSUER", "AUDIENCE", "URL", "URLS", "URI", "ENDPOINT", "HOST",
    "HOSTNAME", "PORT", "VERSION", "PROVIDER", "STORE", "MANAGER", "DOMAIN", "SECURE", "SAMESITE",
    "HTTPONLY", "REGION", "ARN", "PREFIX", "SUFFIX", "FIELD", "PARAM", "ROTATION", "USAGE", "RATE",
    "WINDOW", "HINT",
  ]

  private static let addresses: Set<String> = ["URL", "URLS", "URI", "ENDPOINT"]

  private static let bounds: Set<String> = ["MAX", "MAXIMUM", "MIN", "MINIMUM", "NUM"]

  /// Words with which `TOKENS` are counted.
  private static let counting: Set<String> = bounds.union([
    "NUMBER", "TOTAL", "PER", "DAY", "DAILY", "HOURLY", "INPUT", "OUTPUT", "CONTEXT", "PROMPT",
    "COMPLETION", "REASONING", "THINKING", "USED", "REMAINING", "NEW", "GENERATED", "CACHED",
    "BUDGET", "LIMIT", "QUOTA", "COUNT", "RATE", "USAGE", "CHUNK",
  ])

  private static let switches: Set<String> = [
    "USE", "ENABLE", "DISABLE", "REQUIRE", "ALLOW", "SKIP", "HAS", "IS", "NO", "WITH",
  ]
}
