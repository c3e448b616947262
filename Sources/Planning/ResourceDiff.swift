// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The three-way comparison of one resource: last applied, live, desired, field by field, on owned
/// fields only.
///
/// A failed read is never absence; a resource that was never ours is taken over only where nobody
/// else can own it.
struct ResourceDiff {
  let address: ResourceAddress
  let desired: ResourceFields?
  let live: Observation
  let applied: ResourceFields?
  let driftPolicy: DriftHandling
  var isStarting = false

  func change() -> Change {
    switch live {
    case .unknown(let why):
      return make([.noop], .readFailed, blocked: "cannot be read: \(why)", fields: [])
    case .absent: return absent()
    case .present(let fields): return present(fields)
    }
  }

  private func absent() -> Change {
    guard let desired else {
      return applied == nil
        ? make([.noop], .converged, fields: []) : make([.forget], .alreadyDone, fields: [])
    }
    let fields = desired.sorted { $0.key < $1.key }.map { key, value in
      field(key, .add, before: nil, after: value, driftFrom: nil)
    }
    guard let applied else { return make([.create], .intentional, fields: fields) }
    if isStarting && address.kind == .component {
      return make([.create], applied == desired ? .started : .intentional, fields: fields)
    }
    let reason: Change.Reason = applied == desired ? .deletedOutside : .overridesExternal
    return make([.create], reason, blocked: reportedDrift(reason), fields: fields)
  }

  private func present(_ live: ResourceFields) -> Change {
    guard let desired else { return undesired(live) }
    let differences = differences(desired: desired, live: live)
    guard !differences.isEmpty else {
      return applied == desired
        ? make([.noop], .converged, fields: []) : make([.adopt], .alreadyDone, fields: [])
    }
    if applied == nil && !address.kind.isExclusive {
      return make(
        [.update], .notOurs, blocked: "exists already and was not made by this appliance",
        fields: differences)
    }
    let reason = reason(for: differences, desired: desired)
    return make([.update], reason, blocked: reportedDrift(reason), fields: differences)
  }

  private func undesired(_ live: ResourceFields) -> Change {
    guard applied != nil else { return make([.noop], .notOurs, fields: []) }
    let fields = live.sorted { $0.key < $1.key }.map { key, value in
      field(key, .remove, before: value, after: nil, driftFrom: nil)
    }
    return make([.delete], .removed, fields: fields)
  }

  private func differences(desired: ResourceFields, live: ResourceFields) -> [Change.Field] {
    var keys = desired.compactMap { key, value in live[key] == value ? nil : key }
    for key in (applied ?? [:]).keys where desired[key] == nil && live[key] != nil {
      keys.append(key)
    }
    return keys.sorted().map { key in
      let (before, after) = (live[key], desired[key])
      let operation: Change.Field.Operation =
        before == nil ? .add : (after == nil ? .remove : .change)
      let drift = applied?[key].flatMap { $0 == before ? nil : $0 }
      return field(key, operation, before: before, after: after, driftFrom: drift)
    }
  }

  /// Drift, when every difference was made outside; a change on top of drift is said to be one.
  private func reason(for differences: [Change.Field], desired: ResourceFields) -> Change.Reason {
    guard let applied else { return .intentional }
    if applied == desired { return .drift }
    return differences.contains { $0.driftFrom != nil } ? .overridesExternal : .intentional
  }

  private func reportedDrift(_ reason: Change.Reason) -> String? {
    guard driftPolicy == .report, reason == .drift || reason == .deletedOutside else { return nil }
    return "drift of \(address.kind.rawValue) is reported, not corrected"
  }

  private func field(
    _ key: String, _ operation: Change.Field.Operation, before: JSONValue?, after: JSONValue?,
    driftFrom: JSONValue?
  ) -> Change.Field {
    Change.Field(
      path: JSONPointer([key]).text, operation: operation, before: before, after: after,
      driftFrom: driftFrom)
  }

  private func make(
    _ actions: [Change.Action], _ reason: Change.Reason, blocked: String? = nil,
    fields: [Change.Field]
  ) -> Change {
    Change(
      address: address, kind: address.kind, actions: actions, reason: reason,
      impact: ChangeImpact.of(address, actions: actions, fields: fields), wave: address.kind.wave,
      reversible: true, protected: false, blocked: blocked, fields: fields)
  }
}

/// What happens to drift of a kind.
public enum DriftHandling: String, Sendable, Codable {
  case correct
  case report
}

/// What a change of each kind does to those who use the appliance.
enum ChangeImpact {
  static func of(
    _ address: ResourceAddress, actions: [Change.Action], fields: [Change.Field]
  ) -> Impact {
    guard actions.contains(where: { [.create, .update, .delete].contains($0) }) else {
      return .none
    }
    switch address.kind {
    case .modes, .secret, .configuration: return .none
    case .workspace: return actions.contains(.delete) ? .data : .live
    case .senders, .tools, .skill: return .live
    case .component:
      let isMoved = fields.contains { ["/state", "/workspace", "/workRepo"].contains($0.path) }
      let channels = actions.contains(.update) ? fields.first { $0.path == "/channels" } : nil
      return isMoved || channels.map(needsPorts) == true ? .restart : .live
    }
  }

  /// Whether channels connect to ports that they did not connect to: a gateway that runs is confined to those.
  private static func needsPorts(_ channels: Change.Field) -> Bool {
    !ports(channels.after).isSubset(of: ports(channels.before))
  }

  private static func ports(_ channels: JSONValue?) -> Set<UInt16> {
    guard let channels else { return [] }
    // `try?`: routes that cannot be read are refused by the gateway, which goes on with what it has.
    let routes = try? ApplianceJSON.decode([ChannelRoute].self, from: CanonicalJSON.bytes(channels))
    return Set((routes ?? []).flatMap(\.ports))
  }
}
