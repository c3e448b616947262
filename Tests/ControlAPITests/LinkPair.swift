// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation

@testable import ControlAPI

/// A request of the tests: a number and a text of any size.
struct Question: Codable, Sendable, Equatable {
  var number: Int
  var text = ""
}

struct Answer: Codable, Sendable, Equatable {
  var number: Int
  var text = ""
}

typealias TestLink = Link<Question, Answer, Question, Answer>

/// Both ends of a socket.
enum Sockets {
  static func pair() throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw ApplianceError(.init("test.socket"), "no socket pair: \(errno)")
    }
    return (ends[0], ends[1])
  }

  /// Links over one socket that serve each other while `body` runs.
  static func linked(
    left: @escaping @Sendable (Question) async throws -> Answer = { Answer(number: $0.number) },
    right: @escaping @Sendable (Question) async throws -> Answer = { Answer(number: $0.number) },
    _ body: (_ left: TestLink, _ right: TestLink) async throws -> Void
  ) async throws {
    let ends = try pair()
    let links = (TestLink(owning: ends.0, name: "left"), TestLink(owning: ends.1, name: "right"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await links.0.run(handler: left) }
      group.addTask { await links.1.run(handler: right) }
      defer {
        links.0.close()
        links.1.close()
      }
      try await body(links.0, links.1)
    }
  }
}

/// A peer that speaks bytes, not frames.
final class RawPeer: Sendable {
  private let descriptor: Int32

  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Fits into the socket's buffer, so that it never waits.
  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  static func header(_ length: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
  }

  static func frame(_ text: String) -> [UInt8] { header(text.utf8.count) + Array(text.utf8) }
}

/// Holds many until somebody opens it.
actor Gate {
  private var isOpen = false
  private var arrivals = 0
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []

  func pass() async {
    arrivals += 1
    for watcher in watchers where watcher.count <= arrivals { watcher.1.resume() }
    watchers.removeAll { $0.count <= arrivals }
    if isOpen { return }
    await withCheckedContinuation { waiters.append($0) }
  }

  func open() {
    isOpen = true
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  /// Returns when so many have come.
  func waitForArrivals(_ count: Int) async {
    if arrivals >= count { return }
    await withCheckedContinuation { watchers.append((count, $0)) }
  }
}
