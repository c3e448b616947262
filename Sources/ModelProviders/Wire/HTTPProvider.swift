// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A provider behind HTTP.
struct HTTPProvider: BoundedProvider {
  let endpoint: ProviderEndpoint
  let model: String
  let answerTokens: Int
  var limits: ExchangeLimits
  let client: ModelClient

  var name: String { endpoint.provider }

  func complete(_ request: CompletionRequest) async throws -> Completion {
    try await complete(request, within: limits.total)
  }

  func complete(_ request: CompletionRequest, within limit: Duration) async throws -> Completion {
    let message = try message(request)
    var limits = limits
    limits.total = min(limits.total, limit)
    let exchange = ModelExchange(
      endpoint: endpoint, limits: limits, client: client, decoder: decoder)
    return try await exchange.run(message)
  }

  private var decoder: any ModelEventDecoder {
    endpoint.protocol == .anthropic ? AnthropicDecoder() : OpenAIDecoder()
  }

  private func message(_ request: CompletionRequest) throws -> HTTPClientRequest {
    let body =
      endpoint.protocol == .anthropic
      ? AnthropicRequest.body(request, model: model, answerTokens: answerTokens)
      : OpenAIRequest.body(request, model: model, answerTokens: answerTokens)
    var message = HTTPClientRequest(url: endpoint.url)
    message.method = .POST
    message.headers.add(name: "content-type", value: "application/json")
    message.headers.add(name: "accept", value: "text/event-stream, application/json")
    message.headers.add(name: "user-agent", value: "kafclaw")
    message.body = .bytes(ByteBuffer(bytes: CanonicalJSON.bytes(body)))
    return message
  }
}
