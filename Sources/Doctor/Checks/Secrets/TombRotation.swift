// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials
public import Tomb

extension Check {
  /// A secret that has ended is refused where it is used; an old root key that was to be replaced
  /// still opens the tomb.
  static let tombRotation = Check(
    "tomb.rotation", "No entry of the tomb has ended, and no change of its key was cut off",
    .medium,
    reference: "runbook 3.5", remedy: "kafclaw tomb rotate NAME, with the new value",
    detect: { host in
      guard let tomb = try host.presentTomb else { return .notApplicable("there is no tomb") }
      return EntryAge.verdict(
        of: try tomb.list(), isRotating: try tomb.summary().isRotating, at: host.now)
    })
}

/// When entries of the tomb end.
public enum EntryAge {
  /// How long before the end it is told. Seconds.
  static let notice: Double = 14 * 86_400

  static func verdict(of entries: [TombEntry], isRotating: Bool, at now: Date) -> Verdict {
    let dated = entries.compactMap { entry in entry.expires.map { (name: entry.name, end: $0) } }
    let ended = dated.filter { $0.end <= now }.map { words($0.name, $0.end, now) }
    let ending = dated.filter { $0.end > now && $0.end <= now.addingTimeInterval(notice) }
      .map { words($0.name, $0.end, now) }
    let rotation =
      isRotating
      ? ["a change of the tomb's key was cut off; any change of the tomb finishes it"] : []
    let problems = Findings.shortened(ended + ending + rotation)
    return .of(
      problems, ended.isEmpty ? .warn : .fail,
      otherwise: "\(entries.count) entries, \(dated.count) of them with an end",
      remedy: ended.isEmpty && ending.isEmpty ? "kafclaw tomb rotate-key" : nil)
  }

  /// What has to be told without being asked: entries that ended or soon will. One that is good for a short while is
  /// told of later, in the last quarter of its life.
  public static func alarms(
    of entries: [TombEntry], at now: Date
  ) -> [(name: String, words: String)] {
    entries.compactMap { entry in
      guard let end = entry.expires else { return nil }
      let life = max(0, end.timeIntervalSince(entry.created))
      guard now >= end.addingTimeInterval(-min(notice, life / 4)) else { return nil }
      return (entry.name, words(entry.name, end, now))
    }
  }

  private static func words(_ name: String, _ end: Date, _ now: Date) -> String {
    "tomb:\(name) \(end <= now ? "ended" : "ends") \(end.formatted(.iso8601))"
  }
}
