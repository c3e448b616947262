// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

/// `kafclaw.yaml`, and perhaps a fragment and an overlay, as records of the input.
enum YAMLTarget: FuzzTarget {
  static let name = "yaml"
  static let words = [
    "version: 1\n", "appliance: ", "gateway: ", "agent: ", "providers: ", "channels: ",
    "senders: ", "tools: ", "skills: ", "backup: ", "logs: ", "monitoring: ", "reconcile: ",
    "guardrails: ", "security: ", "name: ", "host: ", "port: ", "auth: {token: env:A}", "type: web",
    "allow: [",
    "dmPolicy: ", "- ", "{", "}", "[", "]", "? ", ": ", ", ", "&a ", "*a", "!!str ", "!t ", "<<: ",
    "|\n", ">-\n", "\"", "'", "---\n", "...\n", "%YAML 1.1\n", "# ", "\t", "\r\n", "\u{85}",
    "\u{2028}", "\u{FEFF}", "\u{301}", "~", "null", "true", "0x1F", "1e3", "-0", "60s",
    "127.0.0.1", "::1", "0 3 * * *", "\\u2028", "\\x00", "sk-abcdefgh01234567", "tomb:a", "\u{1E}",
  ]

  private static let paths = ["kafclaw.yaml", "kafclaw.d/part.yaml", "hosts/probe.yaml"]

  static func check(_ input: [UInt8]) -> String? {
    let records = input.records.prefix(paths.count)
    let files = Dictionary(zip(paths, records), uniquingKeysWith: { first, _ in first })
    switch load(files) {
    case .valid(let state):
      let issues = state.warnings.lazy.compactMap { complaint(about: $0, files) }.first
      let hasErrors = state.warnings.contains { $0.severity == .error }
      return first(issues, hasErrors ? "valid with errors" : nil, roundTrip(state))
    case .invalid(let issues):
      guard issues.contains(where: { $0.severity == .error }) else { return "invalid, no error" }
      return issues.lazy.compactMap { complaint(about: $0, files) }.first
    }
  }

  private static func load(_ files: [String: [UInt8]]) -> LoadOutcome {
    let tree = SourceTree(files: files.mapValues { SourceTree.File(bytes: $0) })
    return DesiredStateLoader(host: "probe", overrides: .none).load(tree)
  }

  /// Whoever reads an issue finds the place, and neither a secret nor an invisible character.
  private static func complaint(
    about issue: ValidationIssue, _ files: [String: [UInt8]]
  ) -> String? {
    let text = [issue.description, issue.path, issue.message, issue.hint ?? ""]
    if text.contains(where: SecretPattern.matches) { return "an issue shows a secret: \(issue)" }
    let isVisible = text.allSatisfy {
      $0.unicodeScalars.allSatisfy { !VisibleText.isInvisible($0) }
    }
    guard isVisible, !issue.message.isEmpty, issue.description.utf8.count < 32_000 else {
      return "an issue cannot be shown: \(issue)"
    }
    return isPlaced(issue, files) ? nil : "an issue is nowhere: \(issue)"
  }

  /// A place is at a character, or behind the last of its line or document; none at all (0:0)
  /// where the value does not stand in a file.
  private static func isPlaced(_ issue: ValidationIssue, _ files: [String: [UInt8]]) -> Bool {
    guard let bytes = files[issue.file] else { return false }
    if issue.line == 0 && issue.column == 0 { return true }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard issue.line >= 1, issue.column >= 1, issue.line <= lines.count + 1 else { return false }
    let line = lines.dropFirst(issue.line - 1).first ?? []
    // The scan for bad bytes may count a damaged character as several.
    let length = max(line.count, String(decoding: line, as: UTF8.self).unicodeScalars.count)
    return issue.column <= length + 1
  }

  /// Effective values say everything: written as a document (JSON is YAML) they load to the same.
  private static func roundTrip(_ state: LoadedState) -> String? {
    let effective = state.spec.effective
    guard !holdsSecret(effective) else { return "the effective values hold a secret" }
    let document = CanonicalJSON.bytes(effective)
    guard case .valid(let again) = load(["kafclaw.yaml": document]) else {
      return "effective values are no valid document: \(String(decoding: document, as: UTF8.self))"
    }
    guard again.spec == state.spec, again.spec.effective == effective else {
      return "effective values load to others"
    }
    do {
      let isSame = try ApplianceSpec(effective: effective) == state.spec
      let coded = try ApplianceJSON.encode(state)
      let back = try ApplianceJSON.decode(LoadedState.self, from: coded)
      return isSame && back == state ? nil : "the state is another one behind a process boundary"
    } catch {
      return "effective values do not read back: \(error)"
    }
  }

  private static func holdsSecret(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): SecretPattern.matches(text)
    case .array(let items): items.contains(where: holdsSecret)
    case .object(let members):
      members.contains { SecretPattern.matches($0.key) || holdsSecret($0.value) }
    default: false
    }
  }
}
