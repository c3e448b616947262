// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// A real `kafclaw run` with a home and a repository of its own.
public final class RunningAppliance: @unchecked Sendable {
  // `@unchecked Sendable`: `process` is exchanged by the test's own task only.
  public let scratch: Scratch
  public let home: String
  public let repository: DesiredRepository
  public let port: Int
  public let dashboardPort: Int
  public let token: String
  private var process: Process?
  private let log: String

  /// - Parameter interval: Seconds between passes; long ones make a test's own passes the only ones.
  public init(interval: String = "1h", name: String = "run") throws {
    scratch = try Scratch(name)
    home = try scratch.folder("home")
    log = "\(scratch.path)/log"
    (port, dashboardPort) = (try FreePort.next(), try FreePort.next())
    token = "canary-\(UUID().uuidString)-\(UUID().uuidString)"
    repository = try DesiredRepository(
      in: scratch,
      Self.yaml(port: port, dashboardPort: dashboardPort, interval: interval))
    try scratch.write(
      "home/.config/kafclaw/appliance.yaml",
      "version: 1\nsource: {repository: \"\(repository.path)\", branch: main, verify: none}\n")
    try Data().write(to: URL(fileURLWithPath: log))
  }

  public static func yaml(
    port: Int, dashboardPort: Int, interval: String = "1h", allow: String = "[alice]"
  ) -> String {
    """
    version: 1
    appliance: {name: test-claw, incidentOwner: ops}
    gateway:
      port: \(port)
      dashboardPort: \(dashboardPort)
      auth: {token: "env:KAFCLAW_GATEWAY_AUTH_TOKEN"}
    channels:
      web: {type: web, allow: \(allow)}
    reconcile: {interval: \(interval), health: {window: 0s}}

    """
  }

  /// - Parameters:
  ///   - wrapper: A command that starts the program it is given, in its own place.
  ///   - environment: Its variables; the one with the token by default.
  public func start(
    through wrapper: [String] = [], environment: [String: String]? = nil
  ) throws {
    let process = Program.makeProcess(
      wrapper + [Program.path, "run"], home: home,
      environment: environment ?? ["KAFCLAW_GATEWAY_AUTH_TOKEN": token], asRoot: false)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    try handle.seekToEnd()
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    self.process = process
  }

  /// Starts and waits until `status` says ready.
  public func startReady(
    through wrapper: [String] = [], environment: [String: String]? = nil
  ) async throws {
    try start(through: wrapper, environment: environment)
    guard await eventually({ (try? status().ready) == true }) else {
      throw NotReady(log: (try? logText) ?? "")
    }
  }

  public struct NotReady: Error { let log: String }

  public struct Status: Decodable, Sendable {
    public struct Component: Decodable, Sendable {
      public let name: String
      public let pid: Int?
      public let health: String
      public let configDigest: String?
    }
    public struct Condition: Decodable, Sendable {
      public let type: String
      public let reason: String
      public let message: String
    }
    public struct Revisions: Decodable, Sendable {
      public let source: String?
      public let applied: String?
    }
    public struct Tokens: Decodable, Sendable {
      public let source: String
      public let isVariableStale: Bool
      public let clients: [String]
      public let problem: String?
    }
    public let ready: Bool
    public let components: [Component]
    public let conditions: [Condition]
    public let revisions: Revisions
    public let serial: Int
    public let tokens: Tokens?

    public func pid(_ name: String) -> Int? { components.first { $0.name == name }?.pid }
  }

  public func status() throws -> Status {
    let result = try run("status", "--json")
    return try JSONDecoder().decode(Status.self, from: Data(result.output.utf8))
  }

  public func run(_ arguments: String...) throws -> Program.Result {
    try Program.run(arguments, home: home)
  }

  public var supervisor: Int32 {
    let text =
      (try? String(contentsOfFile: "\(home)/.kafclaw/run/appliance.lock", encoding: .utf8)) ?? ""
    return text.split(separator: " ").dropFirst().first.flatMap { Int32($0) } ?? -1
  }

  public var logText: String {
    get throws { try String(contentsOfFile: log, encoding: .utf8) }
  }

  /// Sends SIGTERM and waits for the end.
  @discardableResult
  public func stop() -> Int32 {
    guard let process, process.isRunning else { return -1 }
    let pid = supervisor
    if pid > 0 { kill(pid, SIGTERM) } else { process.terminate() }
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Kills the supervisor as a power cut would.
  public func killSupervisor() {
    guard let process, process.isRunning else { return }
    kill(supervisor, SIGKILL)
    process.waitUntilExit()
  }

  deinit {
    if let process, process.isRunning {
      kill(supervisor, SIGKILL)
      process.waitUntilExit()
    }
  }
}

extension RunningAppliance {
  public struct Answer: Sendable {
    public let status: UInt
    public let body: String
    public let headers: HTTPHeaders

    public func value(_ key: String) -> String? {
      let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
      return object?[key] as? String
    }
  }

  /// A request to the API listener with the right token.
  public func request(
    _ method: HTTPMethod, _ path: String, body: String? = nil, headers: [(String, String)] = [],
    port: Int? = nil, token: String? = nil, seconds: Int64 = 90
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port ?? self.port)\(path)")
    request.method = method
    request.headers.add(name: "Authorization", value: "Bearer \(token ?? self.token)")
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(Array(body.utf8))
    }
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(seconds))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(
      status: response.status.code, body: String(buffer: bytes), headers: response.headers)
  }

  public func chat(_ message: String, sender: String? = nil) async throws -> Answer {
    let end = sender.map { ",\"sender\":\"\($0)\"" } ?? ""
    return try await request(.POST, "/chat", body: "{\"message\":\"\(message)\"\(end)}")
  }
}
