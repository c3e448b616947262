// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DesiredState
public import Planning

/// Observes and changes the resources of one kind.
public protocol ResourceApplier: Sendable {
  var kind: ResourceKind { get }

  /// The live state of the named resources, read from the real thing. A read that fails is
  /// `unknown`.
  func observe(_ names: Set<String>, of state: LoadedState) async -> [String: Observation]

  /// Brings a resource to `desired`, or removes it (`nil`). Returns when the change is in effect
  /// and durable; applying twice is the same as once.
  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws
}
