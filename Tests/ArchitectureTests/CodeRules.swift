// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What no source may contain, wherever it stands.
enum CodeRules {
  private struct Sequence {
    let code: String
    let reason: String
    var onlyIn: String?

    var tokens: [Token] { Token.tokens(in: [code]) }
  }

  private static let jsonCoding = "Sources/ApplianceModel/Coding/ApplianceJSON.swift"
  private static let oneCoding = "JSON is coded by ApplianceJSON"
  private static let unstructured = "a task has a parent and an end: use a task group or a Service"
  private static let sleeping = "a sleeping thread blocks everybody: use a Clock"

  private static let forbidden = [
    Sequence(code: "JSONEncoder(", reason: oneCoding, onlyIn: jsonCoding),
    Sequence(code: "JSONEncoder.init", reason: oneCoding, onlyIn: jsonCoding),
    Sequence(code: "JSONDecoder(", reason: oneCoding, onlyIn: jsonCoding),
    Sequence(code: "JSONDecoder.init", reason: oneCoding, onlyIn: jsonCoding),
    Sequence(code: "try!", reason: "errors rise, they do not end the process"),
    Sequence(code: "as!", reason: "a cast that may fail says what happens then"),
    Sequence(code: "fatalError(", reason: "a broken invariant is a preconditionFailure"),
    Sequence(code: "Task {", reason: unstructured),
    Sequence(code: "Task(", reason: unstructured),
    Sequence(code: "Task<", reason: unstructured),
    Sequence(code: "Task.init", reason: unstructured),
    Sequence(code: "Task.immediate", reason: unstructured),
    Sequence(code: "Task.detached", reason: unstructured),
    Sequence(code: "usleep(", reason: sleeping),
    Sequence(code: "Thread.sleep", reason: sleeping),
  ]

  /// Words of unfinished work. Put together here, so that this file does not hold them.
  static let marks: Set<String> = ["TO" + "DO", "FIX" + "ME"]

  static func violations(file: String, text: SourceText) -> [Violation] {
    let tokens = Token.tokens(in: text.code)
    return forbiddenCode(file, tokens) + unexplainedCode(file, text, tokens) + marks(file, text)
  }

  private static func forbiddenCode(_ file: String, _ tokens: [Token]) -> [Violation] {
    forbidden.filter { $0.onlyIn != file }.flatMap { sequence in
      occurrences(of: sequence.tokens, in: tokens).map { token in
        Violation(file: file, line: token.line, reason: "`\(sequence.code)`: \(sequence.reason)")
      }
    }
  }

  private static func unexplainedCode(
    _ file: String, _ text: SourceText, _ tokens: [Token]
  ) -> [Violation] {
    let unchecked = occurrences(of: Token.tokens(in: ["@unchecked Sendable"]), in: tokens)
      .filter { !text.hasComment(near: $0.line, distance: -2...2, containing: "unchecked") }
      .map { token in
        Violation(
          file: file, line: token.line,
          reason: "`@unchecked Sendable` wants a comment within two lines: what protects it")
      }
    let swallowed = occurrences(of: Token.tokens(in: ["try?"]), in: tokens)
      .filter { !text.isExplained($0.line) }
      .map { token in
        Violation(
          file: file, line: token.line,
          reason: "`try?` wants a comment on its line or the one before: why nothing is lost")
      }
    return unchecked + swallowed
  }

  private static func marks(_ file: String, _ text: SourceText) -> [Violation] {
    Token.tokens(in: text.raw).filter { marks.contains($0.text) }.map { token in
      Violation(file: file, line: token.line, reason: "unfinished work is not committed")
    }
  }

  /// The first token of each place where `pattern` stands. A `!` or `?` counts when glued only,
  /// since `try !isReady()` is another thing than a forced try.
  private static func occurrences(of pattern: [Token], in tokens: [Token]) -> [Token] {
    guard tokens.count >= pattern.count else { return [] }
    return (0...tokens.count - pattern.count).compactMap { start in
      let matches = zip(tokens[start...], pattern).allSatisfy { token, wanted in
        let mustBeGlued = wanted.text == "!" || wanted.text == "?"
        return token.text == wanted.text && (token.isGlued || !mustBeGlued)
      }
      return matches ? tokens[start] : nil
    }
  }
}

/// All rules for one source.
enum SourceRules {
  /// - Parameters:
  ///   - target: the folder under `Sources`.
  ///   - file: the path from the root of the checkout.
  static func violations(target: String, file: String, source: String) -> [Violation] {
    let text = SourceText(source)
    return ImportRules.violations(target: target, file: file, text: text)
      + CodeRules.violations(file: file, text: text)
  }

  /// Types named like their module hide it: `Timeline.TimelineStore` would not be found.
  static func namesakes(target: String, file: String, source: String) -> [Violation] {
    let tokens = Token.tokens(in: SourceText(source).code)
    let words: Set<String> = ["actor", "class", "enum", "protocol", "struct", "typealias"]
    return zip(tokens, tokens.dropFirst())
      .filter { words.contains($0.text) && $1.text == target }
      .map { _, name in
        Violation(file: file, line: name.line, reason: "type \(target) is named like its module")
      }
  }
}
