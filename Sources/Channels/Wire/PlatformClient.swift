// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The connections to chat platforms. Redirects are never followed: the token would go along.
///
/// Made once for a process, and shut down by its owner. No error tells an address: it may hold a
/// token.
public struct PlatformClient: Sendable {
  private let http: HTTPClient

  public init() {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(10)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  public func shutdown() async throws { try await http.shutdown() }

  /// Asks, and reads the whole answer, whatever its status.
  func ask(_ request: PlatformRequest) async throws(DeliveryFailure) -> PlatformAnswer {
    var message = HTTPClientRequest(url: request.url)
    message.method = HTTPMethod(rawValue: request.method)
    message.headers.add(name: "user-agent", value: "kafclaw")
    message.headers.add(name: "accept", value: "application/json")
    for (name, value) in request.headers { message.headers.add(name: name, value: value) }
    if let token = request.bearer {
      let text = token.withBytes { String(decoding: $0, as: UTF8.self) }
      message.headers.add(name: "authorization", value: "Bearer \(text)")
    }
    if let body = request.body {
      message.headers.add(name: "content-type", value: "application/json; charset=utf-8")
      message.body = .bytes(ByteBuffer(bytes: body))
    }
    do {
      return try await exchange(message, request)
    } catch let failure as DeliveryFailure {
      throw failure
    } catch is NIOTooManyBytesError {
      throw DeliveryFailure(.transient, "the answer is over \(request.limit) bytes")
    } catch let error as HTTPClientError {
      throw DeliveryFailure(.transient, "no connection, or it broke: \(error.shortDescription)")
    } catch is CancellationError {
      throw DeliveryFailure(.transient, "it was stopped")
    } catch {
      // Texts of network errors may quote the address.
      throw DeliveryFailure(.transient, "no connection, or it broke: \(type(of: error))")
    }
  }

  private func exchange(
    _ message: HTTPClientRequest, _ request: PlatformRequest
  ) async throws -> PlatformAnswer {
    try await withThrowingTaskGroup(of: PlatformAnswer.self) { group in
      group.addTask {
        let response = try await http.execute(message, deadline: .distantFuture)
        let body = try await response.body.collect(upTo: request.limit)
        return PlatformAnswer(
          status: Int(response.status.code), retryAfter: Self.wait(response.headers),
          body: Array(body.readableBytesView))
      }
      group.addTask {
        try await Task.sleep(for: request.time)
        throw DeliveryFailure(.transient, "no answer within \(request.time)")
      }
      defer { group.cancelAll() }
      guard let answer = try await group.next() else { throw CancellationError() }
      return answer
    }
  }

  /// `Retry-After` in seconds (RFC 9110 §10.2.3). As a date no platform here sends it.
  private static func wait(_ headers: HTTPHeaders) -> Int? {
    guard let text = headers.first(name: "retry-after"), text.utf8.count <= 12 else { return nil }
    return Double(text).map { Int(min(max(0, $0), 86_400).rounded(.up)) }
  }
}

/// A request to a platform.
struct PlatformRequest: Sendable {
  var method = "POST"
  let url: String
  var bearer: SecretValue?
  var headers: [(name: String, value: String)] = []
  /// JSON.
  var body: [UInt8]?
  /// Until the whole answer is there.
  var time: Duration = .seconds(20)
  /// Of the answer. Bytes.
  var limit = 1 << 20
}

struct PlatformAnswer: Sendable {
  let status: Int
  /// Seconds.
  let retryAfter: Int?
  let body: [UInt8]

  var isSuccess: Bool { (200...299).contains(status) }

  /// The body as one type; `nil` where it has another form.
  func decoded<Body: Decodable>(_ type: Body.Type) -> Body? {
    // `try?`: a body of another form says nothing.
    try? ApplianceJSON.decode(type, from: ForeignJSON.shallow(body))
  }

  /// What a status says on its own.
  ///
  /// - Parameter words: What the platform says, whole: a secret that is cut would not be found in it.
  func failure(_ words: String) -> DeliveryFailure {
    let text = "\(status) \(words)"
    return switch status {
    case 429: DeliveryFailure(.busy, text, retryAfter: retryAfter)
    case 401, 403: DeliveryFailure(.unauthorized, text)
    // A redirect is not followed, and a proxy in between may know nothing of the platform.
    case 300...399, 404, 405, 407, 408, 425, 500...599:
      DeliveryFailure(.transient, text, retryAfter: retryAfter)
    default: DeliveryFailure(.refused, text)
    }
  }
}

/// Where a platform's API is.
struct PlatformAddress: Sendable {
  /// Without a slash at its end.
  let root: String

  /// - Throws: `channel.unusable`.
  init(_ route: ChannelRoute, standard: String?) throws {
    guard let text = route.baseURL ?? standard else {
      throw ApplianceError(
        .channelUnusable, "channel \"\(route.name)\": baseURL is not set",
        hint: "set channels.\(route.name).baseURL")
    }
    self.root = text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  /// One component of a path, or a value of a query (RFC 3986 §2.3).
  static func escape(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return escaped
  }
}
