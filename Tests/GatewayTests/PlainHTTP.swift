// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation

/// HTTP/1.1 byte by byte over a plain socket: requests that a well-behaved client would not send.
enum PlainHTTP {
  struct Reply: Sendable {
    let status: Int
    /// By lower-case name.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The last part of a problem's type.
    var problem: String? {
      // `try?`: what is no JSON has no problem.
      let value = try? ApplianceJSON.decode(JSONValue.self, from: body)
      return value?["type"]?.stringValue?.split(separator: ":").last.map(String.init)
    }

    func json() throws -> JSONValue { try ApplianceJSON.decode(JSONValue.self, from: body) }
  }

  /// One request on a connection of its own. Headers that are not given are made up; `nil` leaves
  /// one out.
  static func send(
    _ method: String, _ path: String, port: Int, headers: [(String, String?)] = [],
    body: [UInt8] = []
  ) async throws -> Reply {
    var fields: [(String, String?)] = [
      ("Host", "127.0.0.1:\(port)"), ("Connection", "close"),
      ("Content-Length", body.isEmpty ? nil : "\(body.count)"),
    ]
    for (name, value) in headers {
      fields.removeAll { $0.0 == name && !isRepeatable(name) }
      fields.append((name, value))
    }
    let lines = fields.compactMap { name, value in value.map { "\(name): \($0)\r\n" } }
    let head = "\(method) \(path) HTTP/1.1\r\n\(lines.joined())\r\n"
    return try parse(await exchange(Array(head.utf8) + body, port: port))
  }

  private static func isRepeatable(_ name: String) -> Bool {
    !["Host", "Connection", "Content-Length"].contains(name)
  }

  /// Sends the bytes, on a thread of its own: waiting must not hold one of the test's tasks.
  private static func exchange(_ bytes: [UInt8], port: Int) async throws -> [UInt8] {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try talk(bytes, port: port) })
      }
    }
  }

  private static func talk(_ bytes: [UInt8], port: Int) throws -> [UInt8] {
    let descriptor = try Port.connect(to: port)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 40, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      // A server that has refused already need not take the rest.
      if count <= 0 { break }
      rest = rest.dropFirst(count)
    }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count <= 0 { return answer }
      answer += chunk[..<count]
    }
  }

  private static func parse(_ bytes: [UInt8]) throws -> Reply {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw ApplianceError(.init("test.http"), "no answer, or half of one: \(bytes.count) bytes")
    }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    return Reply(status: status ?? 0, headers: headers, body: Array(bytes[end.upperBound...]))
  }
}
