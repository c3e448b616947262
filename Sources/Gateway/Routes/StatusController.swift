// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import GatewayAPI
import HTTPTypes
import Hummingbird
import NIOCore

/// Health, readiness, status and metrics, and the request for a pass.
struct StatusController: Sendable {
  private struct Health: Encodable {
    let status = "ok"
  }

  let link: ComponentLink
  let authenticator: Authenticator

  /// The process answers; nothing is said about what is behind it.
  func health() throws -> Response {
    try JSONResponse.make(Health())
  }

  /// Agent, store and configuration digest: 200 when all are fit, else 503.
  func readiness() async throws -> Response {
    guard case .readiness(let readiness) = try await link.call(.readiness) else {
      throw ProblemResponse.unavailable
    }
    return try JSONResponse.make(
      readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
  }

  func status(_ request: Request, from network: SourceNetwork) async throws -> Response {
    _ = try await authenticator.client(of: request, from: network, .read)
    guard case .status(let status) = try await link.call(.status) else {
      throw ProblemResponse.unavailable
    }
    return try JSONResponse.make(status)
  }

  /// The text format of Prometheus, version 0.0.4.
  func metrics(_ request: Request, from network: SourceNetwork) async throws -> Response {
    _ = try await authenticator.client(of: request, from: network, .scrape)
    guard case .metrics(let metrics) = try await link.call(.metrics) else {
      throw ProblemResponse.unavailable
    }
    var headers = HTTPFields()
    headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
    headers[.cacheControl] = "no-store"
    headers[.xContentTypeOptions] = "nosniff"
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: metrics.text)))
  }

  /// Asks for a pass of the reconciler; what it does is in the status afterwards.
  func reconcile(_ request: Request, from network: SourceNetwork) async throws -> Response {
    let client = try await authenticator.client(of: request, from: network, .operate)
    guard case .done = try await link.call(.reconcile(client: client)) else {
      throw ProblemResponse.unavailable
    }
    return try JSONResponse.make(Health(), status: .accepted)
  }
}
