// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Which messages are one conversation.
public enum SessionScoping {
  /// Separates direct messages, rooms and users across rooms, whatever the scope.
  private enum Kind: String {
    case direct
    case room
    /// One user in all rooms of an account.
    case rooms
  }

  /// What is not there. No component can be written so: `~` is escaped.
  private static let absent = "~"

  /// Two messages of a scope have one key exactly when the scope does not separate them. No key can
  /// be forged by an id that holds a separator: everything but ASCII letters, digits and `._:-@+` is
  /// percent-encoded, byte by byte. A missing account is the same as an empty one.
  public static func key(of message: InboundMessage, scope: SessionScope) -> SessionKey {
    let place = message.place
    let kind: Kind = place.room == nil ? .direct : scope == .user ? .rooms : .room
    let account = escape(place.account ?? "")
    let sender = escape(message.sender)
    // In a direct conversation the sender is the room.
    let room = place.room.map(escape) ?? sender
    let separating: [String] =
      switch scope {
      case .channel: []
      case .account: [account]
      case .room: [account, room]
      case .thread: [account, room, escape(place.thread)]
      case .user: [account, sender]
      }
    let components =
      [escape(message.channel), escape(message.client), kind.rawValue] + separating
      + [escape(message.session)]
    return SessionKey(rawValue: components.joined(separator: "/"))
  }

  private static func escape(_ text: String?) -> String { text.map(escape) ?? absent }

  private static func escape(_ text: String) -> String {
    guard !text.utf8.allSatisfy(isPlain) else { return text }
    var escaped = ""
    for byte in text.utf8 {
      if isPlain(byte) {
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return escaped
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"),
      UInt8(ascii: "@"), UInt8(ascii: "+"):
      true
    default: false
    }
  }
}
