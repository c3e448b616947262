// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import Synchronization

/// A model provider on the loopback that speaks the protocol of OpenAI: gives the answers of a
/// script, one a request, the last of them for ever. Ends with this object.
final class ScriptedModel: Sendable {
  enum Answer: Sendable {
    case reply(String)
    /// A tool call; the arguments are JSON.
    case call(String, String)
    case failure(Int)
  }

  struct Request: Sendable {
    let head: String
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    func header(_ name: String) -> String? {
      head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    /// Names of the tools that the model is offered.
    var tools: [String] {
      // `try?`: what is no JSON offers nothing.
      let object = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
      let tools = object?["tools"] as? [[String: Any]] ?? []
      return tools.compactMap { ($0["function"] as? [String: Any])?["name"] as? String }.sorted()
    }
  }

  let port: Int
  private let listener: Int32
  private let state = Mutex<(answers: [Answer], requests: [Request])>(([], []))

  init(_ answers: Answer...) throws {
    port = try FreeLoopback.port()
    listener = try FreeLoopback.listen(on: port)
    state.withLock { $0.answers = answers }
    let descriptor = listener
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        self?.serve(connection)
        close(connection)
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var requests: [Request] { state.withLock { $0.requests } }

  /// Begins another script, and forgets what was asked before.
  func script(_ answers: Answer...) {
    state.withLock { $0 = (answers, []) }
  }

  private func serve(_ connection: Int32) {
    guard let request = Self.read(from: connection) else { return }
    let answer = state.withLock { state in
      state.requests.append(request)
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first
    }
    Self.send(Self.response(answer ?? .failure(500)), to: connection)
  }

  private static func read(from connection: Int32) -> Request? {
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let separator = Data("\r\n\r\n".utf8)
    while true {
      if let end = data.range(of: separator) {
        let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
        let request = Request(head: head, body: Data(data[end.upperBound...]))
        let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
        if request.body.count >= length { return request }
      }
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      data.append(contentsOf: buffer[..<count])
    }
  }

  private static func response(_ answer: Answer) -> String {
    let (status, body): (String, [String: Any]) =
      switch answer {
      case .reply(let text): ("200 OK", completion(["content": text], "stop"))
      case .call(let tool, let arguments):
        (
          "200 OK",
          completion(
            [
              "tool_calls": [
                [
                  "id": "call_1", "type": "function",
                  "function": ["name": tool, "arguments": arguments],
                ]
              ]
            ], "tool_calls")
        )
      case .failure(let code): ("\(code) Scripted", ["error": ["message": "scripted"]])
      }
    // `try?`: an answer that is no JSON is answered like none.
    let data = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
    return "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nConnection: close\r\n"
      + "Content-Length: \(data.count)\r\n\r\n" + String(decoding: data, as: UTF8.self)
  }

  private static func completion(_ message: [String: Any], _ reason: String) -> [String: Any] {
    let message = message.merging(["role": "assistant"]) { one, _ in one }
    return [
      "id": "c1", "object": "chat.completion", "model": "scripted",
      "choices": [["index": 0, "message": message, "finish_reason": reason]],
      "usage": ["prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15],
    ]
  }

  private static func send(_ text: String, to connection: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
