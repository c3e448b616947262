// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import ControlAPI
import Daemon
import DurableIO
import FoundationEssentials
import GatewayAPI
import Glibc
import NIOCore
import NIOHTTP1
import Reconciliation

extension ApplianceError.Code {
  /// The appliance is not running, or not answering.
  static let notRunning = Self("control.not-running")
  /// The appliance or its gateway refused a request.
  static let refused = Self("control.refused")
}

/// Talks to a running appliance over its control socket.
struct ControlClient {
  private static let answerLimit = 64 << 20
  /// How long an answer may take that has to be worked for. Seconds.
  static let patience: Int64 = 180

  /// Gives up at once where nobody listens, instead of trying until the time is over. Lives as long
  /// as the command.
  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  private let socket: String

  /// - Throws: `control.not-running`.
  static func require(_ paths: AppliancePaths) throws -> ControlClient {
    if let client = try ofRunningAppliance(paths) { return client }
    if let stop = IncidentFile(paths).read().standstill {
      throw ApplianceError(
        .notRunning, "the appliance was stopped: \(VisibleText.escape(stop.reason))",
        hint: "kafclaw start --reason TEXT, then kafclaw run")
    }
    throw ApplianceError(
      .notRunning, "no appliance is running with home \"\(paths.home)\"", hint: "kafclaw run")
  }

  /// The client of the appliance that holds the lock; `nil` when none does.
  ///
  /// - Throws: `control.refused` for somebody who is no operator of the package's appliance.
  static func ofRunningAppliance(_ paths: AppliancePaths) throws -> ControlClient? {
    if paths.isSystem, access(paths.lock, R_OK) != 0, errno == EACCES {
      // An operator may not look at the lock, but may use the socket.
      if access(paths.controlSocket, W_OK) == 0 {
        return ControlClient(socket: paths.controlSocket)
      }
      guard errno == EACCES else { return nil }
      throw ApplianceError(
        .refused, "the control socket is for members of \(OperatorAccess.group)",
        hint: "sudo adduser USER \(OperatorAccess.group), and log in again")
    }
    guard try FileLock.isHeld(paths.lock) else { return nil }
    guard access(paths.controlSocket, F_OK) == 0 else { return nil }
    return ControlClient(socket: paths.controlSocket)
  }

  /// - Parameter seconds: How long to wait for the answer.
  func get<Answer: Decodable>(
    _ path: String, as type: Answer.Type, seconds: Int64 = patience
  ) async throws -> Answer {
    try await send(.GET, path, body: nil, as: type, seconds: seconds)
  }

  func post<Answer: Decodable>(
    _ path: String, _ body: some Encodable, as type: Answer.Type
  ) async throws -> Answer {
    try await send(.POST, path, body: try ApplianceJSON.encode(body), as: type)
  }

  func reconcile() async throws -> PassOutcome {
    try await send(.POST, ControlRoutes.reconcile, body: nil, as: PassOutcome.self)
  }

  /// Makes the appliance hand out secrets as they are now.
  func reseal() async throws {
    _ = try await send(.POST, ControlRoutes.reseal, body: nil, as: ApplianceStatus.self)
  }

  /// Sends a message through the gateway's HTTP listener.
  static func chat(
    _ message: ChatRequest, through access: GatewayAccess
  ) async throws -> ChatResponse {
    var request = HTTPClientRequest(url: access.url + Routes.chat)
    request.method = .POST
    request.headers.add(name: "Authorization", value: "Bearer \(access.token)")
    request.headers.add(name: "Content-Type", value: "application/json")
    request.body = .bytes(try ApplianceJSON.encode(message))
    let (status, bytes) = try await execute(request, seconds: 90)
    guard status == 200 else {
      // `try?`: another answer than that a message waits is shown as one.
      if status == 202, let stored = try? ApplianceJSON.decode(MessageResponse.self, from: bytes) {
        throw Self.pending(stored)
      }
      // `try?`: an answer that is no problem document is shown by its status alone.
      let problem = try? ApplianceJSON.decode(Problem.self, from: bytes)
      let words = [problem?.title ?? "no reply yet", problem?.detail].compactMap { $0 }
        .map { VisibleText.escape($0) }
      throw ApplianceError(
        .refused, "the gateway answered \(status): \(words.joined(separator: ": "))",
        hint: status >= 500 ? "kafclaw status" : nil)
    }
    return try ApplianceJSON.decode(ChatResponse.self, from: bytes)
  }

  private static func pending(_ message: MessageResponse) -> ApplianceError {
    let isWaiting = message.state == .waiting
    return ApplianceError(
      .refused,
      "message \(message.id.rawValue) is stored, and "
        + (isWaiting ? "waits for an operator's approval" : "was not answered yet"),
      hint: isWaiting ? "kafclaw approvals list" : "kafclaw status")
  }

  private func send<Answer: Decodable>(
    _ method: HTTPMethod, _ path: String, body: [UInt8]?, as type: Answer.Type,
    seconds: Int64 = patience
  ) async throws -> Answer {
    let address = try SocketAddressPath(socket)
    let escaped = address.path.utf8.map { byte in
      "%" + Hexadecimal.encode([byte])
    }.joined()
    var request = HTTPClientRequest(url: "http+unix://\(escaped)\(path)")
    request.method = method
    if let body { request.body = .bytes(body) }
    let (status, bytes) = try await Self.execute(request, seconds: seconds)
    guard status == 200 else {
      // `try?`: an answer that is no error of the appliance is shown by its status alone.
      if let error = try? ApplianceJSON.decode(ApplianceError.self, from: bytes) { throw error }
      throw ApplianceError(.refused, "the appliance answered \(status)")
    }
    return try ApplianceJSON.decode(type, from: bytes, limit: Self.answerLimit)
  }

  private static func execute(
    _ request: HTTPClientRequest, seconds: Int64
  ) async throws -> (status: UInt, bytes: [UInt8]) {
    do {
      let response = try await http.execute(request, timeout: .seconds(seconds))
      let body = try await response.body.collect(upTo: answerLimit)
      return (response.status.code, Array(body.readableBytesView))
    } catch {
      throw ApplianceError(
        .notRunning, "the appliance does not answer (\(type(of: error)))", hint: "kafclaw status")
    }
  }
}
