// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Which messages are one conversation, by the meaning of the scopes and without any key: what
/// separates is compared byte by byte.
struct Conversation: Hashable {
  private enum Part: Hashable {
    /// The scope does not look at it.
    case ignored
    case absent
    case bytes([UInt8])

    init(_ text: String?, if isSeparating: Bool) {
      guard isSeparating else {
        self = .ignored
        return
      }
      self = text.map { .bytes(Array($0.utf8)) } ?? .absent
    }
  }

  /// Channel, client, and the client's own session.
  private let always: [[UInt8]]
  private let isDirect: Bool
  private let account: Part
  private let room: Part
  private let thread: Part
  private let sender: Part

  init(_ message: InboundMessage, _ scope: SessionScope) {
    let place = message.place
    always = [message.channel, message.client, message.session].map { Array($0.utf8) }
    isDirect = place.room == nil
    account = Part(place.account ?? "", if: scope != .channel)
    let isRoom = scope == .room || scope == .thread
    room = Part(place.room, if: isRoom && !isDirect)
    thread = Part(place.thread, if: scope == .thread)
    // Whoever writes directly is alone with the bot.
    sender = Part(message.sender, if: scope == .user || isRoom && isDirect)
  }
}

/// Channel, client and sender, byte by byte.
struct Requester: Hashable {
  private let channel: [UInt8]
  private let client: [UInt8]
  private let sender: [UInt8]?

  init(_ principal: AccessPrincipal) {
    (channel, client) = (Array(principal.channel.utf8), Array(principal.client.utf8))
    sender = principal.sender.map { Array($0.utf8) }
  }
}

/// What one word of an operator is given for.
struct CallKey: Hashable {
  let conversation: Conversation
  let requester: Requester
  let tool: String
  let path: String
}
