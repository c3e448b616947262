// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Synchronization

/// A server on a free port of the loopback that answers as its test wants, properly or not.
final class LoopbackServer: Sendable {
  enum Reply: Sendable {
    case bytes([UInt8])
    /// These, and then one more byte after the other, for as long as somebody reads.
    case drip([UInt8])
    /// Nothing until the client goes away.
    case silence
  }

  let port: Int
  private let socket: Int32
  private let heads = Mutex<[String]>([])

  init(_ reply: @escaping @Sendable (_ path: String) -> Reply) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (number, status) = (
      socket,
      withUnsafeMutablePointer(to: &address) { [socket, length] pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
      }
    )
    guard status == 0, listen(socket, 16) == 0 else { throw SetupFailure(what: "listen") }
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(number, $0, &length)
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread { [weak self] in
      while true {
        let client = accept(number, nil, nil)
        guard client >= 0 else { return }
        Thread { [weak self] in
          let head = Self.readHead(client)
          self?.heads.withLock { $0.append(head) }
          let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
          Self.send(reply(path), to: client)
          close(client)
        }.start()
      }
    }.start()
  }

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  /// What clients sent, as it was.
  var requests: [String] { heads.withLock { $0 } }

  static func page(
    _ body: String, type: String = "text/plain", status: String = "200 OK", _ headers: String...
  ) -> Reply {
    let extra = headers.map { $0 + "\r\n" }.joined()
    let head = "HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)"
    return .bytes(Array("\(head)\r\n\(extra)connection: close\r\n\r\n\(body)".utf8))
  }

  static func redirect(to location: String, status: String = "302 Found") -> Reply {
    page("", status: status, "location: \(location)")
  }

  /// Until an empty line, or what a client of TLS says first.
  private static func readHead(_ client: Int32) -> String {
    var head: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    repeat {
      let count = recv(client, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      head += chunk[..<count]
    } while head.first != 0x16 && !String(decoding: head, as: UTF8.self).contains("\r\n\r\n")
    return String(decoding: head, as: UTF8.self)
  }

  private static func send(_ reply: Reply, to client: Int32) {
    switch reply {
    case .bytes(let bytes): _ = send(bytes, client)
    case .silence: waitForEnd(client, milliseconds: 30_000)
    case .drip(let bytes):
      guard send(bytes, client) else { return }
      for _ in 0..<300 {
        waitForEnd(client, milliseconds: 50)
        guard send([0x2E], client) else { return }
      }
    }
  }

  private static func send(_ bytes: [UInt8], _ client: Int32) -> Bool {
    var place = 0
    while place < bytes.count {
      let count = bytes[place...].withUnsafeBytes {
        Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      place += count
    }
    return true
  }

  private static func waitForEnd(_ client: Int32, milliseconds: Int32) {
    let isClosed: Int16 = 0x2000  // POLLRDHUP
    var entry = pollfd(fd: client, events: isClosed, revents: 0)
    poll(&entry, 1, milliseconds)
  }
}
