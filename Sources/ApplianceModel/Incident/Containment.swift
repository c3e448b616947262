// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// What an operator took away from the appliance during an incident. It holds over restarts and
/// commits, until an operator lifts it.
public struct Containment: Sendable, Codable, Equatable {
  /// Each level includes those before it.
  public enum Level: String, Sendable, Codable, CaseIterable, Comparable {
    /// No tool runs.
    case tools
    /// And no sender of a channel is heard, and nothing is sent there.
    case channels
    /// And no API client but the operator of the host.
    case all

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    public static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }
  }

  /// Names the incident in records and archives.
  public let id: String
  public var level: Level
  public var reason: String
  /// `operator:UID`.
  public let by: String
  public let since: Date
  /// Channels and tools of stages up to this one work again; 0 for none.
  public var stage: Int
  /// What those stages were when they were opened: a commit adds nothing to them.
  public var channels: [String]
  public var tools: [ToolTier]
  /// What worked before a stage that is still looked at: whoever starts without its end goes back to it.
  public var before: Before?
  /// Counts orders: one that was made for another state than this one does not fit.
  public var version: Int

  public init(
    id: String, level: Level, reason: String, by: String, since: Date, stage: Int = 0,
    channels: [String] = [], tools: [ToolTier] = [], version: Int = 1
  ) {
    (self.id, self.level, self.reason) = (id, level, reason)
    (self.by, self.since, self.stage) = (by, since, stage)
    (self.channels, self.tools, self.version) = (channels, tools, version)
  }

  /// A stage with what it opened.
  public struct Before: Sendable, Codable, Equatable {
    public let stage: Int
    public let channels: [String]
    public let tools: [ToolTier]
  }

  /// What works now, to go back to.
  public var present: Before { Before(stage: stage, channels: channels, tools: tools) }

  /// The same without the stage that nobody saw to its end.
  public func returned() -> Containment {
    guard let before else { return self }
    var held = self
    (held.stage, held.channels, held.tools) = (before.stage, before.channels, before.tools)
    held.before = nil
    held.version += 1
    return held
  }

  /// Whether something works again that did not with another containment.
  public func opens(beside other: Containment) -> Bool {
    !Set(channels).isSubset(of: other.channels) || !Set(tools).isSubset(of: other.tools)
  }

  /// In one line, for people.
  public var words: String {
    let back = stage > 0 ? ", stages up to \(stage) are back" : ""
    return "\(level.rawValue) since \(since.formatted(.iso8601)) by \(by)\(back): \(reason)"
  }
}

/// An operator's order to stand still: `kafclaw run` ends at once until it is taken back.
public struct Standstill: Sendable, Codable, Equatable {
  public let reason: String
  public let by: String
  public let since: Date

  public init(reason: String, by: String, since: Date) {
    (self.reason, self.by, self.since) = (reason, by, since)
  }
}

/// What an incident left on this host.
public struct IncidentState: Sendable, Codable, Equatable {
  public var formatVersion = 1
  public var containment: Containment?
  public var standstill: Standstill?

  public init(containment: Containment? = nil, standstill: Standstill? = nil) {
    (self.containment, self.standstill) = (containment, standstill)
  }
}
