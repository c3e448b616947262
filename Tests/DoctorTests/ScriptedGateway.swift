// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Synchronization

@testable import Doctor

/// A gateway written for tests: right in everything but for its flaws.
final class ScriptedGateway: Sendable {
  /// One way to be wrong.
  enum Flaw: String, CaseIterable, Sendable {
    case noAuthentication, tellingRefusal, tellingHealth
    case prefixOfToken, emptyToken, firstToken, lockedOut
    case anyHost, noHost, anyOrigin, allowsOrigins, answersOptions
    case anyType, readsWholeBody, readsEndlessBody, hugeHead
    case forgetsKeys, keyAlone, admitsNobody
    case waitsForHead, waitsForBody, holdsRefused
    case chunksCount, lengthCounts, firstLength, bareFeeds, zeroBytes
    case silent, garbage, outOfOrder
  }

  static let token = "kafclaw_0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE"

  let flaws: Set<Flaw>
  /// How long heads and bodies may take. Seconds.
  let patience: Double
  /// Idempotency keys with the message's text and id.
  private let keys = Mutex<[String: (text: String, id: String)]>([:])
  /// Failed authentications.
  let failures = Mutex(0)

  init(_ flaws: Set<Flaw> = [], patience: Double = 30) {
    (self.flaws, self.patience) = (flaws, patience)
  }

  func has(_ flaw: Flaw) -> Bool { flaws.contains(flaw) }

  /// Both listeners, for as long as somebody holds them.
  func listen() throws -> (api: ScriptedListener, dashboard: ScriptedListener) {
    (
      try ScriptedListener { self.serve($0, isAPI: true) },
      try ScriptedListener { self.serve($0, isAPI: false) }
    )
  }

  private func serve(_ connection: ScriptedConnection, isAPI: Bool) {
    do {
      while try answer(connection, isAPI) {}
    } catch let reply as ScriptedReply {
      connection.write(reply.bytes)
      if reply.drains { try? drain(connection) }  // `try?`: the end of the connection ends it
    } catch {
      // Whatever is late, too long or gone is closed.
    }
  }

  private func drain(_ connection: ScriptedConnection) throws {
    while true { _ = try connection.take(1, until: Date(timeIntervalSinceNow: 60)) }
  }

  /// Answers one request.
  ///
  /// - Returns: Whether another one may follow.
  private func answer(_ connection: ScriptedConnection, _ isAPI: Bool) throws -> Bool {
    let request = try readHead(connection)
    if has(.silent) { return true }
    if has(.garbage) { connection.write(Array("220 ready\r\n\r\n".utf8)) }
    var reply: ScriptedReply
    do { reply = try route(request, connection, isAPI) } catch let refusal as ScriptedReply {
      // What is left of its body is not read, unless that is the flaw.
      if request.has("content-length") || request.has("transfer-encoding") {
        throw refusal.draining(has(.holdsRefused))
      }
      reply = refusal
    }
    if has(.allowsOrigins) { reply.fields.append("Access-Control-Allow-Origin: *") }
    connection.write(reply.bytes(toHead: request.method == "HEAD"))
    return request["connection"] != "close"
  }

  private func readHead(_ connection: ScriptedConnection) throws -> ScriptedRequest {
    let end = Date(timeIntervalSinceNow: has(.waitsForHead) ? 60 : patience)
    let mark = has(.bareFeeds) ? "\n\n" : "\r\n\r\n"
    let limit = has(.hugeHead) ? 1 << 20 : 65_536
    var head: [UInt8]
    do { head = try connection.take(through: Array(mark.utf8), limit: limit, until: end) } catch {
      guard case ScriptedConnection.Failure.tooLong = error else { throw error }
      throw ScriptedReply(431)
    }
    if has(.zeroBytes) { head.removeAll { $0 == 0 } }
    let request = ScriptedRequest(head)
    guard let request, !head.contains(0) else { throw ScriptedReply(400) }
    return request
  }

  private func route(
    _ request: ScriptedRequest, _ connection: ScriptedConnection, _ isAPI: Bool
  ) throws -> ScriptedReply {
    if has(.outOfOrder) { throw ScriptedReply(503) }
    let chunked = request.has("transfer-encoding")
    if request.values("content-length").count > 1, !has(.firstLength) { throw ScriptedReply(400) }
    if chunked, request.has("content-length"), !has(.chunksCount), !has(.lengthCounts) {
      throw ScriptedReply(400)
    }
    guard let host = request["host"] ?? (has(.noHost) ? "127.0.0.1" : nil) else {
      throw ScriptedReply(400)
    }
    guard host.hasPrefix("127.0.0.1:") || host == "127.0.0.1" || has(.anyHost) else {
      throw ScriptedReply(421)
    }
    guard request["origin"] == nil || has(.anyOrigin) || has(.allowsOrigins) else {
      throw ScriptedReply(403)
    }
    if request.method == "OPTIONS", has(.answersOptions) { return ScriptedReply(200, "GET, POST") }
    let routes =
      isAPI
      ? ["/chat": "POST", "/healthz": "GET", "/readyz": "GET"]
      : [
        "/api/v1/status": "GET", "/metrics": "GET", "/api/v1/reconcile": "POST",
        "/healthz": "GET", "/readyz": "GET",
      ]
    let isMessage = isAPI && request.path.hasPrefix("/api/v1/messages/")
    guard let method = isMessage ? "GET" : routes[request.path] else { throw ScriptedReply(404) }
    guard method == request.method else { throw ScriptedReply(405) }
    switch request.path {
    case "/healthz":
      return ScriptedReply(
        200, has(.tellingHealth) ? #"{"status":"ok","host":"claw"}"# : #"{"status":"ok"}"#)
    case "/readyz": return ScriptedReply(503, #"{"agent":true,"digest":false,"store":true}"#)
    default: try authenticate(request)
    }
    if request.path == "/chat" { return try chat(request, connection) }
    return isMessage ? ScriptedReply(404) : ScriptedReply(200, #"{"ready":true}"#)
  }

  private func authenticate(_ request: ScriptedRequest) throws {
    if has(.noAuthentication) { return }
    let values = request.values("authorization")
    guard let first = values.first else {
      throw ScriptedReply(
        401, has(.tellingRefusal) ? #"{"status":401,"title":"no","timeline":[1,2]}"# : nil)
    }
    let word = String(first.dropFirst("Bearer".count).drop { $0 == " " })
    let isWhole = word == Self.token && (values.count == 1 || has(.firstToken))
    let isPart = has(.prefixOfToken) && word.count > 10 && Self.token.hasPrefix(word)
    let isEmpty = has(.emptyToken) && word.isEmpty
    guard isWhole || (values.count == 1 && (isPart || isEmpty)) else {
      failures.withLock { $0 += 1 }
      throw ScriptedReply(has(.lockedOut) ? 429 : 401)
    }
  }

  // MARK: Chat

  private func chat(
    _ request: ScriptedRequest, _ connection: ScriptedConnection
  ) throws -> ScriptedReply {
    let type = request["content-type"] ?? ""
    guard type == "application/json" || has(.anyType) else { throw ScriptedReply(415) }
    let body = try body(request, connection)
    let value = try? ApplianceJSON.decode(JSONValue.self, from: body)  // `try?`: then it is no JSON
    guard let text = value?["message"]?.stringValue else { return ScriptedReply(400) }
    if has(.admitsNobody) { return ScriptedReply(403) }
    let id = keys.withLock { keys -> String? in
      let fresh = "m\(UInt64.random(in: 0...UInt64.max))"
      guard let key = request["idempotency-key"], !has(.forgetsKeys) else { return fresh }
      guard let known = keys[key] else {
        keys[key] = (text, fresh)
        return fresh
      }
      return known.text == text || has(.keyAlone) ? known.id : nil
    }
    return id.map { ScriptedReply(202, #"{"id":"\#($0)"}"#) } ?? ScriptedReply(422)
  }

  private func body(
    _ request: ScriptedRequest, _ connection: ScriptedConnection
  ) throws -> [UInt8] {
    let end = Date(timeIntervalSinceNow: has(.waitsForBody) ? 60 : patience)
    do {
      let chunked = request.has("transfer-encoding") && !has(.lengthCounts)
      return chunked
        ? try chunks(connection, until: end)
        : try whole(Int(request["content-length"] ?? "0") ?? 0, connection, until: end)
    } catch ScriptedConnection.Failure.late { throw ScriptedReply(408) }
  }

  private static let bodyLimit = 512 << 10

  private func whole(
    _ length: Int, _ connection: ScriptedConnection, until end: Date
  ) throws -> [UInt8] {
    guard length > Self.bodyLimit else { return try connection.take(length, until: end) }
    if has(.readsWholeBody) {
      for _ in 0..<(length >> 16) { _ = try connection.take(1 << 16, until: end) }
    }
    throw ScriptedReply(413)
  }

  private func chunks(_ connection: ScriptedConnection, until end: Date) throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try connection.take(through: [0x0D, 0x0A], limit: 20, until: end)
      let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) ?? 0
      body += try connection.take(size, until: end)
      _ = try connection.take(2, until: end)
      if size == 0 { return body }
      if has(.readsEndlessBody) { body = [] }
      guard body.count <= Self.bodyLimit else { throw ScriptedReply(413) }
    }
  }
}

/// The head of a request.
struct ScriptedRequest {
  let method: String
  let path: String
  private let fields: [(name: String, value: String)]

  init?(_ head: [UInt8]) {
    let lines = head.split { $0 == 0x0A || $0 == 0x0D }.map { String(decoding: $0, as: UTF8.self) }
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    (method, path) = (String(words[0]), String(words[1]))
    fields = lines.dropFirst().compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
  }

  func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  subscript(name: String) -> String? { values(name).first }

  func has(_ name: String) -> Bool { !values(name).isEmpty }
}

/// An answer; thrown where nothing more of the request is read.
struct ScriptedReply: Error {
  let status: Int
  let body: String
  var fields: [String] = []
  /// Whether the rest of the request is taken for as long as it comes.
  private(set) var drains = false

  init(_ status: Int, _ body: String? = nil) {
    self.status = status
    self.body = body ?? #"{"status":\#(status),"title":"scripted"}"#
  }

  func draining(_ drains: Bool) -> ScriptedReply {
    var copy = self
    copy.drains = drains
    return copy
  }

  var bytes: [UInt8] { bytes(toHead: false) }

  func bytes(toHead: Bool) -> [UInt8] {
    let head = ["HTTP/1.1 \(status) Scripted", "Content-Length: \(body.utf8.count)"] + fields
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + (toHead ? "" : body)).utf8)
  }
}
