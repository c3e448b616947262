// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What a server may send in one fetch; beyond it the fetch ends with `source.refused`.
public struct FetchLimits: Sendable, Codable {
  /// Everything that is received. Bytes.
  public var receivedBytes = 256 << 20
  /// Objects of one pack.
  public var objects = 1_000_000
  /// One object when it is unpacked. Bytes. Since Debian's 1.5.1+ds-1+deb12u2 of libgit2.
  public var objectBytes = 64 << 20
  /// References, before a pack begins. Bytes.
  public var advertisedBytes = 16 << 20
  /// Text for people that comes beside a pack. Bytes.
  public var messageBytes = 1 << 20
  /// Time between the first and the last read. Seconds. A server that sends nothing at all holds
  /// libgit2 for good: the process must have a limit as well, a longer one.
  public var seconds = 50

  public init() {}
}
