// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A headless browser, driven over W3C WebDriver (https://www.w3.org/TR/webdriver2/).
public final class WebDriver: Sendable {
  public struct Failure: Error { public let words: String }

  /// The driver of this machine; `nil` where there is none. `KAFCLAW_WEBDRIVER` names another one.
  public static let path: String? = {
    let named = ProcessInfo.processInfo.environment["KAFCLAW_WEBDRIVER"] ?? "/usr/bin/chromedriver"
    return FileManager.default.isExecutableFile(atPath: named) ? named : nil
  }()

  private let process: StartedProcess
  private let root: String
  private let session: String

  /// Starts a browser with a profile of its own, in a window of 1,200 by 900.
  public init(in scratch: Scratch) async throws {
    guard let path = Self.path else { throw Failure(words: "there is no driver") }
    let port = try FreePort.next()
    process = try StartedProcess(path, ["--port=\(port)"], folder: scratch.folder("browser"))
    let root = "http://127.0.0.1:\(port)"
    self.root = root
    let isUp = await eventually { (try? await Self.send(.GET, root + "/status", nil)) != nil }
    guard isUp else { throw Failure(words: "the driver does not answer") }
    let options: [String: Any] = [
      "args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900",
        "--user-data-dir=\(scratch.path)/browser/profile",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--disable-background-networking", "--no-first-run", "--disable-component-update",
      ]
    ]
    let answer = try await Self.send(
      .POST, root + "/session",
      [
        "capabilities": [
          "alwaysMatch": [
            "goog:chromeOptions": options,
            "goog:loggingPrefs": ["performance": "ALL", "browser": "ALL"],
          ]
        ]
      ])
    guard let id = (answer as? [String: Any])?["sessionId"] as? String else {
      throw Failure(words: "no session: \(answer)")
    }
    session = id
  }

  public func end() async {
    // `try?`: the process ends anyway.
    _ = try? await call(.DELETE, "")
    process.end()
  }

  public func open(_ url: String) async throws { _ = try await call(.POST, "/url", ["url": url]) }

  public var address: String { get async throws { try await text(.GET, "/url") } }

  public var source: String { get async throws { try await text(.GET, "/source") } }

  /// What a person reads on the page.
  public var words: String {
    get async throws {
      let body = try await element("body")
      return try await text(.GET, "/element/\(body)/text")
    }
  }

  public func click(_ selector: String) async throws {
    _ = try await call(.POST, "/element/\(try await element(selector))/click", [:])
  }

  public func type(_ words: String, into selector: String) async throws {
    _ = try await call(
      .POST, "/element/\(try await element(selector))/value", ["text": words])
  }

  public func count(_ selector: String) async throws -> Int {
    let found = try await call(
      .POST, "/elements", ["using": "css selector", "value": selector])
    return (found as? [Any])?.count ?? 0
  }

  /// The page as a PNG.
  public func picture() async throws -> Data {
    Data(base64Encoded: try await text(.GET, "/screenshot")) ?? Data()
  }

  /// Every address that the browser asked for since it was asked last.
  public func requests() async throws -> [String] {
    let entries = try await call(.POST, "/se/log", ["type": "performance"]) as? [[String: Any]]
    return (entries ?? []).compactMap { entry in
      guard let text = entry["message"] as? String,
        let message = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
        let inner = message["message"] as? [String: Any],
        inner["method"] as? String == "Network.requestWillBeSent",
        let parameters = inner["params"] as? [String: Any],
        let request = parameters["request"] as? [String: Any]
      else { return nil }
      return request["url"] as? String
    }
  }

  private func element(_ selector: String) async throws -> String {
    let found = try await call(
      .POST, "/element", ["using": "css selector", "value": selector])
    guard let id = (found as? [String: String])?.values.first else {
      throw Failure(words: "there is no \(selector)")
    }
    return id
  }

  private func text(_ method: HTTPMethod, _ path: String) async throws -> String {
    try await call(method, path) as? String ?? ""
  }

  private func call(
    _ method: HTTPMethod, _ path: String, _ body: [String: Any]? = nil
  ) async throws -> Any {
    try await Self.send(method, "\(root)/session/\(session)\(path)", body)
  }

  private static func send(
    _ method: HTTPMethod, _ url: String, _ body: [String: Any]?
  ) async throws -> Any {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(
        ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body)))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 32 << 20)
    let json =
      try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any]
    guard response.status == .ok, let value = json?["value"] else {
      throw Failure(words: "\(method) \(url): \(String(buffer: bytes).prefix(300))")
    }
    return value
  }
}

/// A process of a test, ended with it.
final class StartedProcess: @unchecked Sendable {
  // `@unchecked Sendable`: set once, and `Process` is asked from one test alone.
  private let process = Process()

  init(_ path: String, _ arguments: [String], folder: String) throws {
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ["HOME": folder, "PATH": "/usr/bin:/bin", "TMPDIR": folder]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func end() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { end() }
}
