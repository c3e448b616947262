// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What the access rules say about one message.
public struct AdmissionVerdict: Sendable, Equatable {
  public let decision: AccessDecision
  /// The conversation the message belongs to.
  public let session: SessionKey

  public init(decision: AccessDecision, session: SessionKey) {
    (self.decision, self.session) = (decision, session)
  }
}

extension Admission.Denial {
  /// What the sender's side is told of a decision that does not permit.
  init(_ reason: AccessDecision.Reason) {
    switch reason {
    case .senderDenied: self = .senderDenied
    case .channelDisabled: self = .channelDisabled
    case .mentionRequired: self = .mentionRequired
    case .contained: self = .contained
    default: self = .unknownSender
    }
  }
}
