// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Finds the values of live secrets in text on its way: in what a model is told, in what it asks
/// for, in what goes out.
///
/// Only whole values count, as they are and as they are usually encoded: Base64 (RFC 4648 §4 and
/// §5) at each of its three alignments, hexadecimal, percent-encoded, escaped in JSON. White space
/// within an encoded value does not hide it. Of a long value a part from its middle is enough.
public struct SecretTripwire: Sendable {
  /// Shorter values are not watched: they would be found by chance. Bytes.
  public static let shortest = 8

  /// Secrets whose values are too short to be watched.
  public let unwatched: [String]

  private let names: [String]
  private let automaton: PatternAutomaton

  /// - Parameter secrets: Names may be shown; values stay in memory that is wiped with this object.
  public init(secrets: [(name: String, value: SecretValue)]) {
    unwatched = secrets.filter { $0.value.count < Self.shortest }.map(\.name)
    let watched = secrets.filter { $0.value.count >= Self.shortest }
    names = watched.map(\.name)
    automaton = PatternAutomaton(
      watched.enumerated().flatMap { index, secret in
        SecretForms.patterns(of: secret.value).map { ($0, index) }
      })
  }

  /// Names of the secrets whose values are in the text, sorted.
  public func find(in text: String) -> [String] { find(in: text.utf8) }

  /// Names of the secrets whose values are in the bytes, sorted.
  public func find(in bytes: some Sequence<UInt8>) -> [String] {
    var scan = scan()
    scan.feed(bytes)
    return scan.found
  }

  /// Begins to look through a text that arrives in parts.
  public func scan() -> Scan { Scan(names: names, automaton: automaton) }

  /// A text that arrives in parts: a value is found wherever it was cut.
  public struct Scan: Sendable {
    private let names: [String]
    private let automaton: PatternAutomaton
    /// Of all bytes, and of those that are no white space.
    private var (all, dense): (PatternAutomaton.State, PatternAutomaton.State) = (.start, .start)
    private var hits: Set<Int> = []

    fileprivate init(names: [String], automaton: PatternAutomaton) {
      (self.names, self.automaton) = (names, automaton)
    }

    public mutating func feed(_ bytes: some Sequence<UInt8>) {
      guard !names.isEmpty else { return }
      automaton.run(bytes, &all, &dense, &hits)
    }

    /// Names of the secrets found so far, sorted.
    public var found: [String] { Set(hits.map { names[$0] }).sorted() }
  }
}

extension SecretTripwire: CustomStringConvertible, CustomReflectable {
  public var description: String { "<\(names.count) secrets>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SecretTripwire.Scan: CustomStringConvertible, CustomReflectable {
  public var description: String { "<\(hits.count) found>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
