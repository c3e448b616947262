// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What the supervisor asks of a component.
public enum SupervisorOrder: Sendable, Codable {
  /// Run with this configuration. Answered when it is in effect, or with why it is not; the
  /// component then keeps running what it ran before.
  case configure(ComponentConfiguration)
  /// Tell what is really running.
  case report
  /// Gateway: ask the platforms of its channels now, of one or of all; told in the report.
  case probe(channel: String?)
  /// Gateway: requests that a channel's listener has to refuse.
  case hostileRequests(channel: String)
  /// Finish what was begun, accept nothing new, and exit.
  case exit
}

/// What a component answers.
public enum SupervisorOrderReply: Sendable, Codable {
  case report(ComponentReport)
  /// `nil` for a channel whose platform sends no requests.
  case hostileRequests([HostileRequest]?)
  case done
}

/// Everything a component needs to run. Never stored; travels over the component's own socket.
public struct ComponentConfiguration: Sendable, Codable {
  /// Identifies the settings; a component is healthy when it answers with this digest.
  public let digest: Digest
  /// Settings without secrets, typed by the component.
  public let settings: JSONValue
  /// What only this component may know, typed by the component.
  public let sealed: SealedSettings

  public init(digest: Digest, settings: JSONValue, sealed: SealedSettings = SealedSettings([])) {
    self.digest = digest
    self.settings = settings
    self.sealed = sealed
  }

  /// The same settings with other secrets.
  public func sealed(_ sealed: SealedSettings) -> ComponentConfiguration {
    ComponentConfiguration(digest: digest, settings: settings, sealed: sealed)
  }
}

/// Bytes of a component's private settings: encodable for the link, invisible everywhere else.
public struct SealedSettings: Sendable, Codable, CustomStringConvertible, CustomReflectable {
  public let bytes: [UInt8]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  public var description: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a component says of itself.
public struct ComponentReport: Sendable, Codable, Equatable {
  /// The configuration that is really in effect; `nil` before the first.
  public let digest: Digest?
  /// The settings that are really in effect.
  public let settings: JSONValue
  public let isReady: Bool
  /// Why it is not ready.
  public let message: String?
  /// What it gave up at its start.
  public let confinement: Confinement?
  /// Gateway: the accounts of its chat channels, by name.
  public let channels: [ChannelReport]

  public init(
    digest: Digest?, settings: JSONValue, isReady: Bool, message: String? = nil,
    confinement: Confinement? = nil, channels: [ChannelReport] = []
  ) {
    self.channels = channels
    self.confinement = confinement
    self.digest = digest
    self.settings = settings
    self.isReady = isReady
    self.message = message
  }
}

/// What a component may ask of the supervisor. Each role is answered only its own requests.
public enum ComponentRequest: Sendable, Codable {
  /// Gateway: store a message.
  case admit(InboundMessage)
  /// Gateway: where a message stands, waiting at most so long for an answer. Milliseconds.
  case message(MessageID, client: String, wait: Int)
  /// Gateway: whether agent and store can do their work.
  case readiness
  /// Gateway: the appliance's status for the dashboard.
  case status
  /// Gateway: a client authenticated for the first time from a network; recorded before it goes on.
  case authenticated(client: String, network: String)
  /// Gateway: credentials were presented that are nobody's.
  case authenticationFailed(network: String, path: String)
  /// Gateway: the figures of `/metrics`.
  case metrics
  /// Gateway: a client asks for a pass of the reconciler.
  case reconcile(client: String)
  /// Gateway: store what arrived on a channel.
  case receive(ChannelReceipt)
  /// Gateway: somebody pressed a button about a waiting call.
  case say(channel: String, ChannelWord)
  /// Gateway: where a channel goes on.
  case cursor(channel: String)
  /// Gateway: whether a sender may bring a channel's account into a room.
  case mayInvite(channel: String, sender: String)
  /// Gateway: a request to a channel was not taken; counted, and recorded.
  case refused(channel: String, ChannelRefusal, network: String)
  /// Gateway: wait until a text is due on a channel. Milliseconds.
  case awaitDelivery(channel: String, wait: Int)
  /// Gateway: the texts that are due on a channel, leased.
  case leaseDeliveries(channel: String, limit: Int)
  /// Gateway: what came of an attempt.
  case delivered(DeliveryID, DeliveryOutcome)
  /// Agent: the next message, waiting at most so long. Milliseconds.
  case lease(wait: Int)
  /// Gateway: the approvals, for an authenticated client.
  case approvals(client: String)
  /// Gateway: an authenticated client's word on an approval.
  case decide(ApprovalWord)
  /// Gateway: what a browser asks of the dashboard.
  case dashboard(DashboardRequest)
  /// Agent: store a step of a leased turn.
  case record(MessageID, TurnStep)
  /// Agent: may a recorded call run?
  case authorise(MessageID, index: Int)
  /// Agent: carry out a call that was authorised and needs the sandbox.
  case execute(MessageID, index: Int)
  /// Agent: may so many tokens be used for the next answer of the model?
  case reserve(MessageID, tokens: Int)
  /// Agent: what the answer used; `nil` when nobody told, and all that was reserved counts.
  case settle(reservation: Int64, TokenUsage?)
  /// Agent: give a message back that could not be processed; it is tried again, or fails.
  case abandon(MessageID)
  /// Agent: store the reply; ends the lease.
  case finish(MessageID, reply: String, usage: TokenUsage)
}

/// What the supervisor answers.
public enum ComponentReply: Sendable, Codable {
  case admission(Admission)
  case message(MessageStatus?)
  case readiness(Readiness)
  case status(ApplianceStatus)
  /// How the network is locked out; `nil` when it is not.
  case lockedOut(NetworkLock?)
  case metrics(MetricsSnapshot)
  case work(Work?)
  /// The step as it was stored: what must not be read by a model was taken out.
  case recorded(TurnStep)
  case verdict(ToolVerdict)
  case result(ToolResult)
  case budget(Budget)
  case approvals([Approval])
  case admissions([Admission])
  case cursor(String?)
  case flag(Bool)
  case deliveries([Delivery])
  case dashboard(DashboardReply)
  case done
}

/// The answer to who wants to use tokens.
public enum Budget: Sendable, Codable, Equatable {
  case granted(reservation: Int64)
  /// The text is for the sender.
  case refused(String)
}

/// Whether the parts behind the gateway can do their work.
public struct Readiness: Sendable, Codable, Equatable {
  public let agent: Bool
  public let store: Bool
  /// The gateway runs the configuration that was applied last.
  public let digest: Bool

  public init(agent: Bool, store: Bool, digest: Bool) {
    self.agent = agent
    self.store = store
    self.digest = digest
  }

  public var isReady: Bool { agent && store && digest }
}
