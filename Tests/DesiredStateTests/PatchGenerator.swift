// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport

@testable import DesiredState

/// Makes valid documents of many forms, and changes of their fields.
struct PatchGenerator {
  private var random: SplitMix64
  private var specs: SpecGenerator
  private var styles: StyledYAML

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    specs = SpecGenerator(seed: random.next())
    styles = StyledYAML(seed: random.next())
  }

  mutating func document() -> String {
    Int.random(in: 0..<4, using: &random) == 0 ? Documents.rich : styles.document(spec().effective)
  }

  /// Another value of a field that is set to a single one; `nil` when it has no other.
  mutating func change(in state: LoadedState) -> DesiredChange? {
    let paths = state.provenance.keys.filter { path in
      switch FieldPath(path)?.value(in: state.effective) {
      case .bool, .integer, .string: true
      default: false
      }
    }
    return change(ofOneOf: paths, in: state)
  }

  /// A value of a field that is not set; `nil` when there is none.
  mutating func addition(to state: LoadedState) -> DesiredChange? {
    let lists = ["appliance.escalation.", "security.suppressions."]
    let paths = ApplianceSpec.nestedFields.filter { !$0.hasNested }.map(\.pattern).filter { path in
      !path.contains("*") && state.provenance[path] == nil
        && !lists.contains(where: path.hasPrefix)
    }
    return change(ofOneOf: paths, in: state)
  }

  private mutating func change(ofOneOf paths: [String], in state: LoadedState) -> DesiredChange? {
    guard let path = paths.sorted().randomElement(using: &random),
      let place = FieldPath(path)
    else { return nil }
    return Self.values.shuffled(using: &random).first { value in
      guard let effective = place.setting(value, in: state.effective),
        // `try?`: a value that does not fit is none to choose.
        let spec = try? ApplianceSpec(effective: effective)
      else { return false }
      return spec != state.spec
    }.map { DesiredChange(path, $0) }
  }

  /// Random, but within the rules over fields.
  private mutating func spec() -> ApplianceSpec {
    var spec = specs.spec()
    (spec.gateway.host, spec.gateway.port) = (ListenAddress("127.0.0.1"), Port(9_000))
    spec.gateway.dashboardPort = Port(9_001)
    (spec.agent.workspace, spec.agent.workRepo) = ("workspace", "work-repo")
    spec.agent.provider = "offline"
    spec.agent.fallbacks = []
    spec.providers = [:]
    spec.senders.owners = [SenderID("alice-1"), SenderID("{b}")]
    spec.senders.internal = [SenderID("123")]
    spec.senders.deny = []
    for name in spec.channels.keys.sorted() {
      spec.channels[name]?.allow = [SenderID("~")]
      spec.channels[name]?.deny = []
      spec.channels[name]?.tools = ChannelToolsSpec()
    }
    spec.tools = ToolsSpec()
    spec.tools.deny = ["exec"]
    (spec.reconcile.interval, spec.reconcile.health) = (SpecDuration(seconds: 90), HealthSpec())
    spec.security = SecuritySpec()
    (spec.skills.enabled, spec.skills.sources) = (["summarize"], [])
    spec.skills.limits = SkillLimitsSpec()
    return spec
  }

  private static let texts = [
    "probe", "two words", "42", "-0", "1.5", "0x1F", "12:30", "true", "No", "null", "~", " padded ",
    "a: b # c", "say \"so\"", "it's", "[list]", "{a: b}", "*", "- x", "x:", "zoë", "日本語", "\\",
    "/srv/claw/other", "https://models.example/v1", "U0AAAAAAA", "exec", "list_dir",
    "sha256:abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
  ]
  private static let words = [
    "60s", "60m", "90d", "0s", "127.0.0.2", "::1", "localhost", "env:OTHER", "tomb:other/name",
    "file:other.key", "2027-04-01", "2027-04-01T09:30:00Z", "web", "slack", "telegram", "room",
    "thread", "open", "disabled", "allowlist", "read", "write", "high-risk", "all", "selected",
    "auto", "strict", "host", "manifest", "drill", "correct", "report", "openai", "anthropic",
  ]
  private static let values: [JSONValue] =
    (texts + words).map { .string($0) } + [true, false, 0, 1, 2, 9, 7_777, 1_000_000]
    + [["exec"], ["probe-1", "~"], []]
}
