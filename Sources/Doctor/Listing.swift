// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension [String] {
  /// The first of them and how many more there are, as one text.
  func listed(upTo limit: Int = 8) -> String {
    let more = count > limit ? " and \(count - limit) more" : ""
    return prefix(limit).joined(separator: ", ") + more
  }
}
