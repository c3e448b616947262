// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// HTML. A text that is put into it is escaped, scalar by scalar, wherever it stands: a mark that joins a
/// character before it hides neither that one nor a quote. Only another ``Markup`` is put in as it is.
struct Markup: ExpressibleByStringInterpolation, Sendable, Equatable {
  let text: String

  private init(_ text: String) { self.text = text }

  init(stringLiteral text: String) { self.init(text) }

  init(stringInterpolation parts: Interpolation) { self.init(parts.text) }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + 32 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ words: String) { text += Markup.escaped(words) }

    mutating func appendInterpolation(_ number: Int) { text += String(number) }

    mutating func appendInterpolation(_ markup: Markup) { text += markup.text }

    mutating func appendInterpolation(_ all: [Markup]) {
      for markup in all { text += markup.text }
    }
  }

  /// What would be invisible is a number; lines stay lines.
  static func escaped(_ words: String) -> String {
    words.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      line(String(String.UnicodeScalarView($0)))
    }.joined(separator: "\n")
  }

  private static func line(_ words: String) -> String {
    var escaped = ""
    for scalar in VisibleText.escape(words).unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
