// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What a turn, a subagent or a skill acts with. It can only be narrowed: whatever is made of it
/// has no more tools and no less taint, and speaks for the same principal in the same session.
public struct TurnContext: Sendable, Equatable {
  public let principal: AccessPrincipal
  public let tier: SenderTier
  public let session: SessionKey
  /// The tools that may be offered. What is asked for is decided anew at each call.
  public let tools: Set<String>
  public let taint: Set<TaintSource>

  public init(
    principal: AccessPrincipal, tier: SenderTier, session: SessionKey, tools: Set<String>,
    taint: Set<TaintSource>
  ) {
    (self.principal, self.tier, self.session) = (principal, tier, session)
    (self.tools, self.taint) = (tools, taint)
  }

  /// With those of its tools that are among `others`.
  public func narrowed(to others: Set<String>) -> TurnContext {
    TurnContext(
      principal: principal, tier: tier, session: session, tools: tools.intersection(others),
      taint: taint)
  }

  /// With text of more sources.
  public func tainted(by sources: Set<TaintSource>) -> TurnContext {
    TurnContext(
      principal: principal, tier: tier, session: session, tools: tools,
      taint: taint.union(sources))
  }
}
