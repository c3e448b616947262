// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Accounts of skills against an authorization server that others wrote (`oidc-provider-mock`).
@Suite(
  .enabled(
    if: OAuthServer.python != nil, "KAFCLAW_OAUTH_PYTHON names no Python with oidc-provider-mock"),
  .timeLimit(.minutes(2)))
struct OAuthServerTests {
  @Test("somebody consents once; tokens are renewed, shown nowhere, and forgotten")
  func account() async throws {
    let server = try await OAuthServer()
    let scratch = try Scratch("oauth")
    let home = try scratch.folder("home")
    func run(_ words: [String], input: String? = nil) throws -> Program.Result {
      try Program.run(["skills", "auth"] + words, home: home, input: input)
    }
    #expect(try Program.run(["tomb", "init"], home: home).code == 0)
    #expect(try run(["list"]).output.contains("no accounts"))
    let secret = "secret-\(UUID().uuidString)"
    let issuer = ["--issuer", server.url]
    let start =
      ["start", "example", "--client-id", "kafclaw", "--scope", "openid", "--with-secret"] + issuer
    let asked = try run(start, input: secret)
    #expect(asked.code == 0, "\(asked)")
    #expect(try run(["list"]).output.contains("example  default  pending"))
    let address = asked.output.trimmingCharacters(in: .newlines)
    let answer = try await server.consent(at: address, as: "alice")
    let code = try #require(
      URLComponents(string: answer)?.queryItems?.first { $0.name == "code" }?.value)

    // An answer to another consent uses this one up all the same.
    #expect(
      try run(["complete", "example"], input: answer.replacing("state=", with: "state=x")).code == 1
    )
    let late = try run(["complete", "example"], input: answer)
    #expect(late.code == 1 && late.errors.contains("no consent"), "\(late)")

    let again = try run(start, input: secret).output.trimmingCharacters(in: .newlines)
    let second = try await server.consent(at: again, as: "alice")
    let completed = try run(["complete", "example"], input: second + "\n")
    #expect(
      completed.code == 0 && completed.output.contains("example  default  valid"), "\(completed)")
    #expect(try run(["refresh", "example"]).code == 0)
    #expect(try run(["list", "--json"]).output.contains("\"isRenewable\"") == false)
    let names = try Program.run(["tomb", "list"], home: home).output
    for part in ["client", "tokens"] {
      #expect(names.contains("oauth/example/default/\(part)"))
    }
    #expect(!names.contains("pending"))
    for file in try FileManager.default.subpathsOfDirectory(atPath: home) {
      let data = FileManager.default.contents(atPath: home + "/" + file) ?? Data()
      for word in [code, secret] {
        #expect(data.range(of: Data(word.utf8)) == nil, "\(file)")
      }
    }
    let audit = try Program.run(["audit", "show", "--log", "skills"], home: home).output
    #expect(audit.contains("skill.auth") && audit.contains("oauth/example/default"))

    // Another consent that nobody answers changes nothing of this one; no entry is set by hand.
    #expect(try run(start, input: "another secret").code == 0)
    #expect(try run(["refresh", "example"]).code == 0)
    let byHand = try Program.run(["tomb", "set", "oauth/a/b/tokens"], home: home, input: "x")
    #expect(byHand.code == 1 && byHand.errors.contains("part of an account"))

    // A consent that nobody answered is none of the provider's.
    let other = ["--profile", "other"]
    #expect(try run(start + other, input: "third secret").code == 0)
    #expect(try run(["revoke", "example"] + other).code == 0)
    #expect(try run(["revoke", "example"] + other).code == 1)
    #expect(try !run(["list"]).output.contains("other"))

    // The server says of itself that it cannot be told.
    let revoked = try run(["revoke", "example"])
    #expect(revoked.code == 1 && revoked.errors.contains("RFC 7009"), "\(revoked)")
    #expect(try run(["list"]).output.contains("no accounts"))
    #expect(try run(["refresh", "example"]).code == 1)
  }
}

/// The server, on a port of its own.
final class OAuthServer {
  static let python = ProcessInfo.processInfo.environment["KAFCLAW_OAUTH_PYTHON"]

  let url: String
  private let process = Process()

  init() async throws {
    let port = try FreePort.next()
    url = "http://127.0.0.1:\(port)"
    process.executableURL = URL(fileURLWithPath: Self.python ?? "/nonexistent")
    process.arguments = ["-m", "oidc_provider_mock", "--port", "\(port)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let document = url + "/.well-known/openid-configuration"
    let isUp = await eventually {
      (try? await HTTPClient.shared.execute(HTTPClientRequest(url: document), timeout: .seconds(5)))
        != nil
    }
    #expect(isUp)
  }

  /// What a browser is sent to once somebody consented.
  func consent(at address: String, as subject: String) async throws -> String {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    var request = HTTPClientRequest(url: address)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
    request.body = .bytes(ByteBuffer(string: "sub=\(subject)"))
    let result: Result<HTTPClientResponse, any Error>
    do { result = .success(try await client.execute(request, timeout: .seconds(30))) } catch {
      result = .failure(error)
    }
    try await client.shutdown()
    return try #require(try result.get().headers.first(name: "location"))
  }

  deinit {
    if process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }
}
