// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Skills

/// Talks to authorization servers: no redirects, no cookies, in bounds.
enum OAuthClient {
  private static let limit = 1 << 20

  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  static func issuer(at address: String) async throws -> OAuthIssuer {
    let root = address.hasSuffix("/") ? String(address.dropLast()) : address
    let request = HTTPClientRequest(url: root + "/.well-known/openid-configuration")
    let (status, body) = try await send(request)
    guard status == 200 else {
      throw ApplianceError(
        .oauthRefused, "\(root) answered \(status), and no description of itself")
    }
    return try OAuthIssuer(document: body, of: address)
  }

  /// A request to the token or revocation endpoint (RFC 6749, sections 2.3.1 and 4.1.3; RFC 7009).
  static func ask(
    _ address: String, of issuer: OAuthIssuer, client: String, secret: SecretValue?,
    _ fields: [(String, String)]
  ) async throws -> (status: Int, body: [UInt8]) {
    var request = HTTPClientRequest(url: address)
    request.method = .POST
    var fields = fields
    if let secret {
      let text = secret.withBytes { String(decoding: $0, as: UTF8.self) }
      if issuer.methods?.contains("client_secret_basic") ?? true {
        let pair = "\(PercentText.encode(client)):\(PercentText.encode(text))"
        request.headers.add(
          name: "authorization", value: "Basic " + Data(pair.utf8).base64EncodedString())
      } else {
        fields += [("client_id", client), ("client_secret", text)]
      }
    } else {
      fields.append(("client_id", client))
    }
    request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
    request.body = .bytes(ByteBuffer(string: OAuthForm.text(fields)))
    return try await send(request)
  }

  /// Errors of the client may quote what was sent; only their kind is told.
  private static func send(
    _ request: HTTPClientRequest
  ) async throws -> (status: Int, body: [UInt8]) {
    var request = request
    request.headers.add(name: "accept", value: "application/json")
    let whole = request
    do {
      return try await withThrowingTaskGroup(of: (status: Int, body: [UInt8]).self) { group in
        group.addTask {
          let response = try await http.execute(whole, timeout: .seconds(30))
          let body = try await response.body.collect(upTo: limit)
          return (Int(response.status.code), Array(body.readableBytesView))
        }
        // The client's own limit ends with the head of an answer.
        group.addTask {
          try await Task.sleep(for: .seconds(30))
          throw CancellationError()
        }
        defer { group.cancelAll() }
        guard let answer = try await group.next() else { throw CancellationError() }
        return answer
      }
    } catch {
      throw ApplianceError(
        .oauthRefused, "the authorization server cannot be asked: \(type(of: error))",
        hint: "check the network and the issuer's address")
    }
  }
}
