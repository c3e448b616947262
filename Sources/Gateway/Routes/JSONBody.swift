// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import HTTPTypes
import Hummingbird
import NIOCore

/// The body of a request, as JSON of one type; bounded in size and time.
enum JSONBody {
  /// Bytes.
  static let limit = 512 << 10

  static func read<Body: Decodable>(_ type: Body.Type, of request: Request) async throws -> Body {
    let value = request.headers[.contentType] ?? ""
    // RFC 9110 §8.3.1: white space may stand before the semicolon.
    let media = value.prefix { $0 != ";" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
    guard String(media).lowercased() == "application/json" else {
      throw ProblemResponse(
        "unsupported-media-type", .unsupportedMediaType, "The body must be application/json")
    }
    let buffer: ByteBuffer
    do {
      buffer = try await RequestBody.collect(request, limit: limit)
    } catch is NIOTooManyBytesError {
      throw ProblemResponse(
        "content-too-large", .contentTooLarge, "The body is over \(limit) bytes")
    }
    do {
      return try ApplianceJSON.decode(type, from: buffer.readableBytesView)
    } catch let error as ApplianceError {
      throw ProblemResponse.badRequest(error.message)
    }
  }
}

/// The bytes of a request, bounded in size and time.
enum RequestBody {
  /// How long a body may take to arrive.
  static let time: Duration = .seconds(15)

  /// - Throws: `NIOTooManyBytesError`; 408 when the time is over.
  static func collect(_ request: Request, limit: Int) async throws -> ByteBuffer {
    try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
      group.addTask { try await request.body.collect(upTo: limit) }
      group.addTask {
        try await Task.sleep(for: time)
        throw ProblemResponse("timeout", .requestTimeout, "The body did not arrive in time")
      }
      defer { group.cancelAll() }
      guard let buffer = try await group.next() else { throw CancellationError() }
      return buffer
    }
  }
}
