// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// A person with a browser that knows cookies, forms and redirects, and nothing else.
struct DashboardVisitor {
  struct Page {
    let status: Int
    let body: String
    let headers: HTTPHeaders

    /// The value of the first hidden field of a name.
    func field(_ name: String) -> String? {
      let mark = "name=\"\(name)\" value=\""
      guard let place = body.range(of: mark) else { return nil }
      return String(body[place.upperBound...].prefix { $0 != "\"" })
    }
  }

  let root: String
  var cookie: String?
  var headers: [(String, String)] = []

  init(_ appliance: RunningAppliance) { root = "http://127.0.0.1:\(appliance.dashboardPort)" }

  func get(_ path: String) async throws -> Page { try await send(.GET, path, nil) }

  func post(_ path: String, _ fields: [String: String]) async throws -> Page {
    let body = fields.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&")
    return try await send(.POST, path, body)
  }

  /// Logs in with what `kafclaw dashboard login` prints.
  mutating func logIn(_ appliance: RunningAppliance) async throws -> Page {
    let link = try appliance.run("dashboard", "login").output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let form = try await get(String(link.dropFirst(root.count)))
    return try await enter(["code": form.field("code") ?? ""])
  }

  /// - Returns: The answer to the login.
  mutating func enter(_ fields: [String: String]) async throws -> Page {
    let answer = try await post("/login", fields)
    cookie = answer.headers.first(name: "set-cookie")?.split(separator: ";").first.map(String.init)
    return answer
  }

  private func send(_ method: HTTPMethod, _ path: String, _ body: String?) async throws -> Page {
    var request = HTTPClientRequest(url: root + path)
    request.method = method
    if let cookie { request.headers.add(name: "cookie", value: cookie) }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body {
      request.headers.replaceOrAdd(
        name: "content-type", value: "application/x-www-form-urlencoded")
      request.body = .bytes(ByteBuffer(string: body))
    }
    let response = try await Self.client.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 8 << 20)
    return Page(
      status: Int(response.status.code), body: String(buffer: bytes), headers: response.headers)
  }

  private static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }
}
