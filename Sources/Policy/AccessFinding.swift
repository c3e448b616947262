// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Something in the access rules that is legal and does not do what it looks like.
public struct AccessFinding: Sendable, Codable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Stands in its list twice.
    case duplicate
    /// Can never decide anything.
    case dead
    /// Takes away only what another field takes away already.
    case shadowed
    /// Looks like a pattern; entries are compared byte by byte.
    case wildcard
    /// Looks like the beginning of an id, or has the form of a name.
    case prefix
    /// Looks like everybody of a mail domain.
    case wholeDomain = "whole-domain"
    case tooLong = "too-long"
  }

  public let kind: Kind
  /// The field, as in `channels.web.allow[3]`.
  public let rule: String
  public let message: String
  public let hint: String?

  public init(_ kind: Kind, rule: String, message: String, hint: String? = nil) {
    (self.kind, self.rule, self.message, self.hint) = (kind, rule, message, hint)
  }
}

/// Reads access rules for what their author cannot have meant. Pure.
public enum AccessFindings {
  /// - Parameter listLimit: the most senders one list may name without a finding.
  /// - Returns: in the order of the fields; names in the order of their bytes.
  public static func of(_ rules: AccessRules, listLimit: Int = 1_000) -> [AccessFinding] {
    SenderFindings(rules).all(listLimit: listLimit) + ToolFindings(rules).all
  }
}

/// The second and later places of what stands in a list more than once.
struct DuplicateFindings {
  let path: String
  let entries: [String]

  var all: [AccessFinding] {
    let first = entries.firstPlaces
    return entries.enumerated().compactMap { number, entry in
      guard let place = first[ByteKey(entry)], place != number else { return nil }
      return AccessFinding(
        .duplicate, rule: "\(path)[\(number)]",
        message: "\(quoted(entry)) stands at [\(place)] already", hint: "remove one of them")
    }
  }
}

extension [String] {
  /// Where each entry stands first.
  var firstPlaces: [ByteKey: Int] {
    Dictionary(enumerated().map { (ByteKey($0.element), $0.offset) }) { one, _ in one }
  }
}

func quoted(_ entry: String) -> String { "\"\(VisibleText.escape(entry))\"" }
