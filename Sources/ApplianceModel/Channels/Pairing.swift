// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// An unknown sender who asked to be admitted, or was for a while.
public struct Pairing: Sendable, Codable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    case pending
    /// Admitted until ``until``.
    case approved
    case denied
  }

  public let id: Int64
  public let channel: String
  /// In the form of the access lists.
  public let sender: String
  public let state: State
  public let requestedAt: Date
  /// When the code, or the admission, ends.
  public let until: Date
  public let decidedBy: String?

  public init(
    id: Int64, channel: String, sender: String, state: State, requestedAt: Date, until: Date,
    decidedBy: String?
  ) {
    (self.id, self.channel, self.sender, self.state) = (id, channel, sender, state)
    (self.requestedAt, self.until, self.decidedBy) = (requestedAt, until, decidedBy)
  }
}

/// The words of a pairing code: no letter that looks like another one.
public enum PairingCode {
  private static let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")

  /// Eight letters, 40 bits.
  ///
  /// - Parameter bytes: Random; eight of them.
  public static func make(from bytes: [UInt8]) -> String {
    String(bytes.prefix(8).map { alphabet[Int($0) % alphabet.count] })
  }

  /// As people type it: without spaces and hyphens, in upper case.
  public static func normal(_ text: String) -> String {
    text.uppercased().filter { $0 != "-" && $0 != " " }
  }

  /// As people read it.
  public static func shown(_ code: String) -> String {
    code.count == 8 ? "\(code.prefix(4))-\(code.suffix(4))" : code
  }
}
