// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How the lines of one text become those of another.
struct EditScript {
  /// With its line feed, where it has one.
  typealias Line = ArraySlice<UInt8>

  enum Edit {
    case keep(Line)
    case remove(Line)
    case insert(Line)
  }

  private let edits: [Edit]

  init(from old: [Line], to new: [Line]) {
    let difference = new.difference(from: old)
    let removed = Set(difference.removals.map(\.offset))
    let inserted = Set(difference.insertions.map(\.offset))
    var (edits, before, after) = ([Edit](), 0, 0)
    while before < old.count || after < new.count {
      if removed.contains(before), before < old.count {
        edits.append(.remove(old[before]))
        before += 1
      } else if inserted.contains(after) || before >= old.count, after < new.count {
        edits.append(.insert(new[after]))
        after += 1
      } else {
        edits.append(.keep(old[before]))
        (before, after) = (before + 1, after + 1)
      }
    }
    self.edits = edits
  }

  static func lines(of bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(rest[...end])
      rest = rest[(end + 1)...]
    }
    return rest.isEmpty ? lines : lines + [rest]
  }

  /// The edits that belong together, with up to `context` lines around them.
  func hunks(context: Int) -> [Range<Int>] {
    var hunks: [Range<Int>] = []
    for (index, edit) in edits.enumerated() {
      if case .keep = edit { continue }
      let range = max(0, index - context)..<min(edits.count, index + 1 + context)
      if let last = hunks.last, range.lowerBound <= last.upperBound {
        hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
      } else {
        hunks.append(range)
      }
    }
    return hunks
  }

  /// The lines of a hunk below its header.
  func text(of hunk: Range<Int>) -> [UInt8] {
    let before = count(edits[..<hunk.lowerBound])
    let inside = count(edits[hunk])
    let old = Self.range(after: before.old, inside.old)
    let new = Self.range(after: before.new, inside.new)
    return Array("@@ -\(old) +\(new) @@\n".utf8) + edits[hunk].flatMap(Self.line)
  }

  private func count(_ edits: ArraySlice<Edit>) -> (old: Int, new: Int) {
    edits.reduce(into: (0, 0)) { count, edit in
      switch edit {
      case .keep: count = (count.0 + 1, count.1 + 1)
      case .remove: count.0 += 1
      case .insert: count.1 += 1
      }
    }
  }

  /// Lines count from 1; a range of none names the line before it.
  private static func range(after before: Int, _ count: Int) -> String {
    switch count {
    case 0: "\(before),0"
    case 1: "\(before + 1)"
    default: "\(before + 1),\(count)"
    }
  }

  private static func line(_ edit: Edit) -> [UInt8] {
    let (mark, line) =
      switch edit {
      case .keep(let line): (UInt8(ascii: " "), line)
      case .remove(let line): (UInt8(ascii: "-"), line)
      case .insert(let line): (UInt8(ascii: "+"), line)
      }
    let end = line.last == UInt8(ascii: "\n") ? "" : "\n\\ No newline at end of file\n"
    return [mark] + Array(line) + Array(end.utf8)
  }
}

extension CollectionDifference.Change {
  fileprivate var offset: Int {
    switch self {
    case .insert(let offset, _, _), .remove(let offset, _, _): offset
    }
  }
}
