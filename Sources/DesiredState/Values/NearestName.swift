// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Finds what a person probably meant.
public enum NearestName {
  /// The candidate within a third of the word's length in edits, or `nil`.
  public static func suggestion(for word: String, among candidates: [String]) -> String? {
    let limit = max(1, min(word.count, 64) / 3)
    let scored = candidates.map {
      (name: $0, distance: distance(word.lowercased(), $0.lowercased()))
    }
    guard let best = scored.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else {
      return nil
    }
    return best.distance <= limit ? best.name : nil
  }

  /// Levenshtein distance over the first 64 characters.
  private static func distance(_ one: String, _ other: String) -> Int {
    let (left, right) = (Array(one.prefix(64)), Array(other.prefix(64)))
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let substitution = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
