// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// One request to a provider and its answer.
struct ModelExchange: Sendable {
  let endpoint: ProviderEndpoint
  let limits: ExchangeLimits
  let client: ModelClient
  let decoder: any ModelEventDecoder

  func run(_ request: HTTPClientRequest) async throws -> Completion {
    let watch = ExchangeWatch(limits, provider: endpoint.provider)
    do {
      return try await Deadline.run {
        try await exchange(request, watch)
      } until: {
        try await watch.expiry()
      }
    } catch {
      try Task.checkCancellation()
      if let completion = watch.completion { return completion }
      throw failed(error)
    }
  }

  /// The texts of network errors may quote headers, so only their kind is told.
  private func failed(_ error: any Error) -> ModelFailure {
    switch error {
    case let failure as ModelFailure: failure
    case let malformed as MalformedAnswer:
      failed(.malformed, "the answer is malformed: \(endpoint.shown(malformed.reason))")
    case ServerSentEventParser.Excess.line(let limit):
      failed(.malformed, "a line of the answer is over \(limit) bytes")
    case ServerSentEventParser.Excess.total(let limit):
      failed(.malformed, "the answer is over \(limit) bytes")
    case let error as HTTPClientError:
      failed(.transient, "no connection, or it broke: \(error.shortDescription)")
    default: failed(.transient, "no connection, or it broke: \(type(of: error))")
    }
  }

  private func failed(
    _ class: ModelFailure.Class, _ message: String, retryAfter: Duration? = nil,
    status: Int? = nil
  ) -> ModelFailure {
    ModelFailure(
      `class`, provider: endpoint.provider, message, retryAfter: retryAfter, status: status)
  }

  private func exchange(
    _ request: HTTPClientRequest, _ watch: ExchangeWatch
  ) async throws -> Completion {
    var request = request
    for header in endpoint.headers() {
      request.headers.add(name: header.name, value: header.value)
    }
    let response = try await client.http.execute(request, deadline: .distantFuture)
    guard (200...299).contains(response.status.code) else { throw try await refusal(response) }
    watch.sawEvent()
    let type = response.headers.first(name: "content-type")?.lowercased() ?? ""
    if type.contains("json") { return try await readWhole(response) }
    guard !type.contains("html") else {
      throw failed(.malformed, "the answer is a web page", status: Int(response.status.code))
    }
    return try await readStream(response, watch)
  }

  private func completion(
    _ assembler: CompletionAssembler, _ headers: HTTPHeaders
  ) throws -> Completion {
    if let description = assembler.failure { throw failure(description, headers, status: nil) }
    let id = headers.first(name: "x-request-id") ?? headers.first(name: "request-id")
    return try assembler.completion(
      of: endpoint.provider, requestID: id.map { endpoint.shown($0, limit: 128) },
      shown: { endpoint.shown($0, limit: 128) })
  }

  private func readWhole(_ response: HTTPClientResponse) async throws -> Completion {
    var bytes: [UInt8] = []
    for try await part in response.body {
      bytes += part.readableBytesView
      guard bytes.count <= limits.answer else {
        throw ServerSentEventParser.Excess.total(limit: limits.answer)
      }
    }
    var (decoder, assembler) = (decoder, CompletionAssembler())
    for event in try decoder.events(ofWhole: bytes) { try assembler.accept(event) }
    return try completion(assembler, response.headers)
  }

  private func readStream(
    _ response: HTTPClientResponse, _ watch: ExchangeWatch
  ) async throws -> Completion {
    var parser = ServerSentEventParser(totalLimit: limits.answer)
    var (decoder, assembler) = (decoder, CompletionAssembler())
    for try await part in response.body {
      for item in try parser.feed(part.readableBytesView) where !assembler.isEnded {
        watch.sawEvent()
        guard case .event(let event) = item else { continue }
        for event in try decoder.events(of: event) { try assembler.accept(event) }
        if assembler.failure != nil { return try completion(assembler, response.headers) }
        if assembler.isEnded { watch.keep(try completion(assembler, response.headers)) }
      }
    }
    return try completion(assembler, response.headers)
  }

  private func refusal(_ response: HTTPClientResponse) async throws -> ModelFailure {
    let status = Int(response.status.code)
    guard !(300...399).contains(status) else {
      return failed(.invalid, "redirects are not followed (status \(status))", status: status)
    }
    var bytes: [UInt8] = []
    for try await part in response.body {
      bytes += part.readableBytesView.prefix(limits.error - bytes.count)
      if bytes.count == limits.error { break }
    }
    let described = ErrorBody.description(in: bytes)
    let description =
      described ?? ErrorDescription(message: String(decoding: bytes.prefix(1_024), as: UTF8.self))
    return failure(description, response.headers, status: status)
  }

  private func failure(
    _ description: ErrorDescription, _ headers: HTTPHeaders, status: Int?
  ) -> ModelFailure {
    let words = [description.code ?? description.type, description.message]
      .compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ")
    let told = endpoint.shown(words.isEmpty ? "no reason given" : words)
    return failed(
      FailureClassifier.class(status: status, description),
      status.map { "status \($0): \(told)" } ?? told,
      retryAfter: RetryAfter.duration(
        milliseconds: headers.first(name: "retry-after-ms"),
        standard: headers.first(name: "retry-after"), now: Date()),
      status: status)
  }
}
