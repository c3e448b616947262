// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import NIOHTTP1
import Synchronization

extension RunningAppliance {
  public struct TokenFailure: Error { let errors: String }

  /// Runs `kafclaw token …`, which must succeed.
  ///
  /// - Returns: The token that it showed.
  public func makeToken(_ words: String...) throws -> String {
    let result = try Program.run(["token"] + words, home: home)
    guard result.code == 0 else { throw TokenFailure(errors: result.errors) }
    return result.output.trimmingCharacters(in: .newlines)
  }

  /// Runs `kafclaw token verify`.
  public func verify(_ token: String) throws -> Program.Result {
    try Program.run(["token", "verify"], home: home, input: token)
  }

  /// How the gateway answers who wants the status, for which a token needs the scope `read`.
  public func answer(to token: String) async throws -> UInt {
    try await request(.GET, "/api/v1/status", port: dashboardPort, token: token).status
  }

  /// One request of ``knock(_:)``.
  public struct Knock {
    public let address: String
    public let token: String

    /// - Parameters:
    ///   - token: Empty for none.
    ///   - address: Where it comes from; by default from where nobody came yet.
    public init(_ token: String, from address: String = LoopbackAddress.next()) {
      (self.token, self.address) = (token, address)
    }
  }

  public struct KnockAnswer: Equatable, Sendable {
    public let status: Int
    /// Seconds.
    public let retryAfter: Int?
  }

  /// Asks for the status, one request after the other, from addresses of the loopback. Each of these
  /// counts as a network of its own.
  public func knock(_ knocks: [Knock]) throws -> [KnockAnswer] {
    let script = """
      import http.client, sys
      for line in sys.stdin:
          address, _, token = line.rstrip("\\n").partition(" ")
          to = http.client.HTTPConnection(
              "127.0.0.1", int(sys.argv[1]), timeout=60, source_address=(address, 0))
          fields = {"Authorization": "Bearer " + token} if token else {}
          to.request("GET", "/api/v1/status", headers=fields)
          answer = to.getresponse()
          answer.read()
          to.close()
          print(answer.status, answer.headers.get("Retry-After", ""))
      """
    let lines = knocks.map { "\($0.address) \($0.token)\n" }.joined()
    let result = try Program.command(
      ["python3", "-c", script, "\(dashboardPort)"], input: lines)
    guard result.code == 0 else { throw TokenFailure(errors: result.errors) }
    return result.output.split(separator: "\n").map { line in
      let words = line.split(separator: " ").map { Int($0) }
      return KnockAnswer(
        status: words.first.flatMap { $0 } ?? 0, retryAfter: words.count > 1 ? words[1] : nil)
    }
  }

  /// Whether the gateway accepts a token, asked from where nobody was locked out.
  public func accepts(_ token: String) throws -> Bool {
    try knock([Knock(token)]).first?.status == 200
  }
}

/// Addresses of the loopback that no test uses twice.
public enum LoopbackAddress {
  private static let used = Mutex(0)

  public static func next() -> String {
    let number = used.withLock { used in
      used += 1
      return used
    }
    return "127.\(64 + number >> 16 & 63).\(number >> 8 & 255).\(number & 255)"
  }
}
