// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import TestSupport
import Testing

/// Starts one appliance for a whole suite, and stops it afterwards.
struct ApplianceScope: SuiteTrait, TestScoping {
  @TaskLocal static var current: RunningAppliance?

  let name: String
  /// Makes it ready to be started.
  let prepare: @Sendable (RunningAppliance) throws -> Void

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let appliance = try RunningAppliance(name: name)
    try prepare(appliance)
    try await appliance.startReady()
    try await Self.$current.withValue(appliance) { try await function() }
    appliance.stop()
  }
}

extension Trait where Self == ApplianceScope {
  /// With a tomb.
  ///
  /// - Parameter more: What the desired state says beside the gateway and the channel.
  static func appliance(_ name: String, _ more: String) -> Self {
    .appliance(name) { appliance in
      #expect(try appliance.run("tomb", "init").code == 0)
      try appliance.repository.commit(["kafclaw.yaml": appliance.yaml(more)])
    }
  }

  static func appliance(
    _ name: String, prepare: @escaping @Sendable (RunningAppliance) throws -> Void
  ) -> Self {
    ApplianceScope(name: name, prepare: prepare)
  }
}

/// The appliance as its users and operators meet it.
extension RunningAppliance {
  /// A message to the agent.
  struct Question {
    let text: String
    var sender: String?
    var session: String?
    var room: String?
    var mention: Bool?
    var token: String?
    /// Not waited for.
    var isAsync = false

    init(_ text: String, from sender: String? = nil, in session: String? = nil) {
      (self.text, self.sender, self.session) = (text, sender, session)
    }

    /// A message of the offline provider's script that makes it call a tool.
    static func call(
      _ tool: String, _ arguments: [String: Any], from sender: String? = nil,
      in session: String? = nil
    ) throws -> Question {
      Question("/call \(tool) \(try Self.json(arguments))", from: sender, in: session)
    }

    static func exec(
      _ profile: String, _ arguments: [String], from sender: String, in session: String? = nil
    ) throws -> Question {
      try .call("exec", ["profile": profile, "arguments": arguments], from: sender, in: session)
    }

    var body: String {
      get throws {
        let fields: [String: Any?] = [
          "message": text, "sender": sender, "session": session, "room": room, "mention": mention,
        ]
        return try Self.json(fields.compactMapValues { $0 })
      }
    }

    static func json(_ value: Any) throws -> String {
      let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
      let data = try JSONSerialization.data(withJSONObject: value, options: options)
      return String(decoding: data, as: UTF8.self)
    }
  }

  func ask(_ question: Question) async throws -> Answer {
    try await request(
      .POST, "/chat", body: try question.body,
      headers: question.isAsync ? [("Prefer", "respond-async")] : [], token: question.token)
  }

  func ask(_ text: String, from sender: String? = nil, in session: String? = nil) async throws
    -> Answer
  {
    try await ask(Question(text, from: sender, in: session))
  }

  /// What `GET /api/v1/messages/ID` says.
  func message(_ id: String, token: String? = nil) async throws -> Answer {
    try await request(.GET, "/api/v1/messages/\(id)", token: token)
  }

  /// The reply of a message that was accepted, once it is there.
  func reply(to accepted: Answer, token: String? = nil) async throws -> String {
    let id = try #require(accepted.value("id"), "\(accepted.status) \(accepted.body)")
    // `try?`: an appliance that starts again does not answer.
    _ = await eventually(within: .seconds(60)) {
      (try? await message(id, token: token))?.value("state") == "answered"
    }
    let answer = try await message(id, token: token)
    return try #require(answer.value("reply"), "\(answer.body)")
  }

  /// Commits more of a desired state and applies it.
  func change(_ text: String) throws {
    try repository.commit(["kafclaw.yaml": text])
    let result = try run("reconcile")
    guard result.code == 0 else { throw Unexamined(words: ["reconcile"], errors: result.errors) }
  }

  struct Approvals: Decodable {
    struct One: Decodable {
      let id: String
      let message: String
      let tool: String
      let state: String
      let usesLeft: Int
    }
    let approvals: [One]
  }

  /// The approval that a message waits for.
  func approval(of waiting: Answer) throws -> Approvals.One {
    let id = try #require(waiting.value("id"), "\(waiting.status) \(waiting.body)")
    return try #require(try approvals().last { $0.message == id && $0.state == "pending" })
  }

  func approvals() throws -> [Approvals.One] {
    let result = try run("approvals", "list", "--all", "--json")
    return try JSONDecoder().decode(Approvals.self, from: Data(result.output.utf8)).approvals
  }
}

/// Ports of the loopback for a server within the test.
enum FreeLoopback {
  static func port() throws -> Int { try FreePort.next() }

  static func listen(on port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var (yes, address) = (Int32(1), sockaddr_in())
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = UInt16(port).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, size) == 0
      }
    }
    guard descriptor >= 0, isBound, Glibc.listen(descriptor, 16) == 0 else {
      throw POSIXError(.EADDRINUSE)
    }
    return descriptor
  }
}
