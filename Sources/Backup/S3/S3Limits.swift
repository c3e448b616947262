// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How long a store is tried.
public struct S3Limits: Sendable {
  /// How often a request is sent until it counts as failed.
  public var tries = 5
  /// The longest time for one call, with all its tries, beside what its bytes take; a listing has it
  /// for each thousand objects. Defaults to 120 s.
  public var deadline: Duration = .seconds(120)
  /// Bytes a second that a way to a store must carry at least. Defaults to 32 KiB.
  public var slowestWay = 32 << 10
  /// The longest silence of a connection. Defaults to 30 s.
  public var silence: Duration = .seconds(30)

  public init() {}
}

/// What became of a request that was sent once.
enum S3Exchange: Sendable {
  /// Any answer that is not likely to be another one in a moment.
  case answer(S3Answer)
  /// The body is longer than wanted.
  case excess
  /// Nothing is known of what it did, except that another try may help.
  case broken(String)
}
