// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A place in the sources that breaks a rule.
struct Violation: Equatable, CustomStringConvertible {
  let file: String
  /// Counted from 1.
  let line: Int
  let reason: String

  var description: String { "\(file):\(line): \(reason)" }
}

/// One `import` line.
struct ImportLine: Equatable {
  let module: String
  /// Counted from 1.
  let line: Int
  /// Whether the interface of the target shows the module to other targets.
  let isExposed: Bool

  private static let kinds: Set<String> = [
    "actor", "class", "enum", "func", "let", "macro", "protocol", "struct", "typealias", "var",
  ]

  /// The imports of a source, with any attribute, access level and kind before the name.
  static func imports(in text: SourceText) -> [ImportLine] {
    text.code.enumerated().flatMap { index, line in
      line.split(separator: ";").compactMap { statement in
        parse(String(statement), line: index + 1)
      }
    }
  }

  private static func parse(_ statement: String, line: Int) -> ImportLine? {
    let pattern = /^\s*((?:(?:@\w+(?:\([^)]*\))?|[a-z]+)\s+)*?)import\s+(?:([a-z]+)\s+)?(\w+)/
    guard statement.contains("import"), let match = statement.firstMatch(of: pattern) else {
      return nil
    }
    if let kind = match.2, !kinds.contains(String(kind)) { return nil }
    let before = Set(match.1.split(separator: " ").map(String.init))
    let isExposed = !before.isDisjoint(with: ["public", "package", "@_exported"])
    return ImportLine(module: String(match.3), line: line, isExposed: isExposed)
  }
}

/// What a target may import.
enum ImportRules {
  static func violations(target: String, file: String, text: SourceText) -> [Violation] {
    ImportLine.imports(in: text).flatMap { line in
      [edge(target, line), ownership(target, line), exposure(line)].compactMap { reason in
        reason.map { Violation(file: file, line: line.line, reason: $0) }
      }
    }
  }

  private static func edge(_ target: String, _ line: ImportLine) -> String? {
    guard let imported = LayerTable.level(of: line.module) else { return nil }
    guard let level = LayerTable.level(of: target) else {
      return "\(target) stands in no layer of LayerTable"
    }
    guard imported >= level else { return nil }
    return "\(target) (L\(level)) imports \(line.module) (L\(imported)): "
      + "imports go strictly downwards"
  }

  private static func ownership(_ target: String, _ line: ImportLine) -> String? {
    let owners = LayerTable.technologies.filter { $0.includes(line.module) }
    if let owner = owners.first(where: { !$0.admits(target) }) {
      return "\(target) imports \(line.module), which belongs to \(owner.owners): \(owner.reason)"
    }
    let isKnown =
      !owners.isEmpty || LayerTable.platform.contains(line.module)
      || LayerTable.level(of: line.module) != nil
    return isKnown ? nil : "\(line.module) has no owner in LayerTable.technologies"
  }

  private static func exposure(_ line: ImportLine) -> String? {
    guard line.isExposed, LayerTable.isC(line.module) else { return nil }
    return "\(line.module) is C and must not show in the interface of a target"
  }
}
