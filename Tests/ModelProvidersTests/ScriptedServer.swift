// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Synchronization

/// An HTTP server on the loopback that answers each request with the next part of a script; the
/// last part answers all that follow. Ends with this object.
final class ScriptedServer: Sendable {
  enum Step: Sendable {
    case send([UInt8])
    /// Holds the connection until the client ends it, at most so many milliseconds; -1 for ever.
    case hold(Int32)
    /// The connection waits for its next request, instead of ending.
    case next

    static func send(_ text: String) -> Step { .send(Array(text.utf8)) }
  }

  struct Request: Sendable {
    let head: String
    let body: [UInt8]

    func header(_ name: String) -> String? {
      head.split(separator: "\r\n").dropFirst().first {
        $0.lowercased().hasPrefix(name.lowercased() + ":")
      }.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
  }

  private struct State {
    var script: [[Step]]
    var requests: [Request] = []
    var connections = 0
  }

  /// `POLLRDHUP` of poll(2): the client ended its side.
  private static let ended: Int16 = 0x2000

  let port: UInt16
  private let listener: Int32
  private let state: Mutex<State>

  init(_ script: [Step]...) throws {
    state = Mutex(State(script: script))
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, size) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, pointer, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        guard let server = self else {
          close(connection)
          return
        }
        server.state.withLock { $0.connections += 1 }
        Thread.detachNewThread {
          server.serve(connection)
          close(connection)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var requests: [Request] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }

  private func serve(_ connection: Int32) {
    while let request = Self.read(from: connection) {
      let steps = state.withLock { state in
        state.requests.append(request)
        return state.script.count > 1 ? state.script.removeFirst() : state.script.first ?? []
      }
      guard steps.allSatisfy({ carryOut($0, on: connection) }), case .next = steps.last else {
        return
      }
    }
  }

  private func carryOut(_ step: Step, on connection: Int32) -> Bool {
    switch step {
    case .next: return true
    case .hold(let milliseconds):
      var waiting = pollfd(fd: connection, events: Self.ended, revents: 0)
      return poll(&waiting, 1, milliseconds) == 0
    case .send(let bytes):
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes {
          send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  private static func read(from connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    func more() -> Bool {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count > 0 { bytes += buffer.prefix(count) }
      return count > 0
    }
    while true {
      if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let request = Request(head: head, body: [])
        let length = request.header("content-length").flatMap { Int($0) } ?? 0
        while bytes.count < end.upperBound + length { guard more() else { return nil } }
        let body = Array(bytes[end.upperBound..<end.upperBound + length])
        return Request(head: head, body: body)
      }
      guard more() else { return nil }
    }
  }
}

extension ScriptedServer.Step {
  static let streamHead = Self.send(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Request-Id: req_1\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n")

  static func chunk(_ text: String) -> Self {
    .send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
  }

  static let streamEnd = Self.send("0\r\n\r\n")

  /// A whole answer, after which the connection ends; it says so, or the client may take it for its
  /// next request.
  static func response(
    _ status: String, _ body: String, type: String = "application/json", headers: String = ""
  ) -> Self {
    .send(
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
        + "Connection: close\r\n\(headers)\r\n\(body)")
  }
}
