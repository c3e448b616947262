// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Sends signed requests to one store, and waits for their answers.
final class S3Client: Sendable {
  let address: S3Address
  private let credentials: S3Credentials
  private let limits: S3Limits
  private let pause: (@Sendable (Duration) -> Void)?
  private let now: @Sendable () -> Date
  private let http: HTTPClient
  private let isShutDown = Mutex(false)

  /// - Parameters:
  ///   - certificates: A file of PEM certificates, which are trusted instead of the system's.
  ///   - pause: Waits between two tries.
  /// - Throws: `backup.storage` when the file is none.
  init(
    _ address: S3Address, _ credentials: S3Credentials, certificates: String?, limits: S3Limits,
    pause: (@Sendable (Duration) -> Void)?, now: @escaping @Sendable () -> Date
  ) throws {
    (self.address, self.credentials, self.limits) = (address, credentials, limits)
    (self.pause, self.now) = (pause, now)
    var configuration = HTTPClient.Configuration()
    // The credentials would go along, and the signature is for this host.
    configuration.redirectConfiguration = .disallow
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    let silence = TimeAmount(limits.silence)
    configuration.timeout = .init(
      connect: min(.seconds(10), silence), read: silence, write: silence)
    configuration.tlsConfiguration = try Self.tls(certificates)
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  private static func tls(_ certificates: String?) throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    guard let certificates else { return tls }
    do {
      tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificates))
    } catch {
      throw ApplianceError(
        .backupStorage, "\"\(certificates)\" is not a file of PEM certificates",
        hint: "name the certificate of the authority that vouches for the store")
    }
    return tls
  }

  /// Ends all connections; what is called afterwards fails. Once is enough.
  func shutdown() throws {
    let isFirst = isShutDown.withLock { isShutDown in
      defer { isShutDown = true }
      return !isShutDown
    }
    if isFirst { try http.syncShutdown() }
  }

  deinit {
    // `try?`: connections that cannot be closed well are closed all the same.
    try? shutdown()
  }

  /// What one try of a call says.
  enum Attempt<Result> {
    case done(Result)
    /// Why it is to be tried again.
    case again(String)
  }

  /// Tries until a call is done, with pauses that grow and are random, so that many clients do not
  /// come back at once ("Exponential Backoff And Jitter", AWS Architecture Blog: full jitter).
  ///
  /// - Parameter bytes: How many may go over the way.
  /// - Throws: `backup.storage` when the tries or the time are used up, and whatever `attempt`
  ///   throws, at once.
  func retry<Result>(
    _ action: String, bytes: Int = 0, _ attempt: (NIODeadline) throws -> Attempt<Result>
  ) throws -> Result {
    let way = Duration.seconds(min(bytes, 1 << 40) / max(1, limits.slowestWay))
    let deadline = NIODeadline.now() + TimeAmount(limits.deadline) + TimeAmount(way)
    var reason = "there was no time"
    for number in 0..<max(1, limits.tries) where number == 0 || wait(before: number, deadline) {
      switch try attempt(deadline) {
      case .done(let result): return result
      case .again(let why): reason = why
      }
    }
    throw ApplianceError(
      .backupStorage,
      "cannot \(action) in bucket \"\(address.bucket)\" at \(address.host): \(reason)",
      hint: "try again when the store answers")
  }

  private static let firstPause: Duration = .milliseconds(250)
  private static let longestPause: Duration = .seconds(8)

  /// - Returns: `false` when time would be over then.
  private func wait(before number: Int, _ deadline: NIODeadline) -> Bool {
    let longest = min(Self.longestPause, Self.firstPause * (1 << min(number - 1, 16)))
    let pause = longest * Double.random(in: 0...1)
    guard NIODeadline.now() + TimeAmount(pause) < deadline else { return false }
    if let wait = self.pause {
      wait(pause)
    } else {
      // `try?`: the timer of an event loop that ends is over too.
      try? http.eventLoopGroup.any().scheduleTask(in: TimeAmount(pause)) {}.futureResult.wait()
    }
    return true
  }

  /// Sends a request once.
  ///
  /// - Parameters:
  ///   - body: What the payload of the request is the hash of.
  ///   - limit: Of the body of a success. Bytes.
  func send(
    _ request: SignableRequest, body: [UInt8]? = nil, limit: Int = 64 << 10,
    until deadline: NIODeadline
  ) -> S3Exchange {
    var request = request
    request.headers.append(("host", address.host))
    let headers = RequestSignature.headers(
      of: request, credentials: credentials, region: address.region, at: now())
    do {
      let message = try HTTPClient.Request(
        url: address.origin + request.target, method: HTTPMethod(rawValue: request.method),
        headers: HTTPHeaders(headers.map { ($0.name, $0.value) } + [("user-agent", "KafClaw")]),
        body: body.map(Self.inPieces))
      let answer = try http.execute(
        request: message, delegate: AnswerCollector(limit: limit, method: request.method),
        deadline: deadline
      ).wait()
      return S3Failure.isPassing(answer) ? .broken(S3Failure.reason(answer)) : .answer(answer)
    } catch is AnswerCollector.Excess {
      return .excess
    } catch {
      return .broken(S3Failure.reason(error))
    }
  }
}

extension S3Client {
  /// Small enough that each is gone within the longest silence on a slow way.
  private static let piece = 256 << 10

  private static func inPieces(_ bytes: [UInt8]) -> HTTPClient.Body {
    .stream(contentLength: Int64(bytes.count)) { write(bytes, from: 0, to: $0) }
  }

  private static func write(
    _ bytes: [UInt8], from start: Int, to writer: HTTPClient.Body.StreamWriter
  ) -> EventLoopFuture<Void> {
    let end = min(bytes.count, start + piece)
    let written = writer.write(.byteBuffer(ByteBuffer(bytes: bytes[start..<end])))
    return end == bytes.count ? written : written.flatMap { write(bytes, from: end, to: writer) }
  }
}

extension TimeAmount {
  /// Durations that no clock can count are the longest ones.
  fileprivate init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .seconds(min(max(0, seconds), 1 << 32)) + .nanoseconds(attoseconds / 1_000_000_000)
  }
}
