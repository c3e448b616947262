// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization
import Testing

@testable import Tools

/// Answers as a test wants, and counts how often it was asked.
final class TestResolver: NameResolver {
  private let answers: @Sendable (_ host: String, _ turn: Int) -> [String]
  private let asked = Mutex<[String]>([])

  init(_ answers: @escaping @Sendable (_ host: String, _ turn: Int) -> [String]) {
    self.answers = answers
  }

  var hosts: [String] { asked.withLock { $0 } }

  func addresses(of host: String, within time: Duration) async throws -> [IPAddress] {
    let turn = asked.withLock { asked in
      asked.append(host)
      return asked.count
    }
    return answers(host, turn).compactMap { IPAddress($0) }
  }
}

/// What goes over the network, to a real server that stands for the internet.
struct EgressTests {
  private static let loopback = TestResolver { _, _ in ["127.0.0.1"] }

  private func policy(_ server: LoopbackServer, _ hosts: [String] = ["good.example"])
    -> EgressPolicy
  {
    var policy = EgressPolicy(
      hosts: hosts, ports: [server.port], maxBytes: 10_000, timeout: 10, allowsPlainHTTP: true)
    policy.allowsLoopback = true
    return policy
  }

  private func code(_ body: () async throws -> FetchedPage) async -> String? {
    do {
      _ = try await body()
      return nil
    } catch {
      return (error as? ApplianceError)?.code.rawValue ?? "\(error)"
    }
  }

  @Test("a page comes from the address that was looked up, and from no other")
  func pinsTheAddress() async throws {
    let server = try LoopbackServer { _ in LoopbackServer.page("hello") }
    let resolver = TestResolver { _, _ in ["127.0.0.1"] }
    for host in ["good.example", "xn--bcher-kva.example", "a-1.b.good.example"] {
      let egress = GuardedEgress(policy: policy(server, [host]), resolver: resolver)
      let page = try await egress.fetch("http://\(host):\(server.port)/a?b=c#d")
      #expect(page.url == "http://\(host):\(server.port)/a?b=c")
      #expect(page.status == 200 && page.text == "hello" && page.contentType == "text/plain")
    }
    // Nobody but the guard looks a name up.
    #expect(resolver.hosts.count == 3)
  }

  @Test("a request has fixed headers and nothing else")
  func sendsFixedHeaders() async throws {
    let server = try LoopbackServer { path in
      path == "/1"
        ? LoopbackServer.page("", status: "302 Found", "location: /2", "set-cookie: a=b")
        : LoopbackServer.page("end")
    }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    _ = try await egress.fetch("HTTP://GOOD.example:\(server.port)/1")
    let names = server.requests.map { head in
      head.split(separator: "\r\n").dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }
        .sorted()
    }
    let fixed = ["accept", "accept-encoding", "connection", "host", "user-agent"]
    #expect(names == [fixed, fixed])
    #expect(server.requests.allSatisfy { $0.contains("ost: good.example:\(server.port)\r\n") })
    #expect(server.requests.allSatisfy { $0.hasPrefix("GET /") })
  }

  @Test("a host that changes its address between two steps gets nowhere")
  func refusesRebinding() async throws {
    let server = try LoopbackServer { path in
      path == "/1" ? LoopbackServer.redirect(to: "/2") : LoopbackServer.page("inside")
    }
    for second in ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fd00::1"] {
      let resolver = TestResolver { _, turn in turn == 1 ? ["127.0.0.1"] : [second] }
      let egress = GuardedEgress(policy: policy(server), resolver: resolver)
      #expect(
        await code { try await egress.fetch("http://good.example:\(server.port)/1") }
          == "egress.refused")
      #expect(resolver.hosts.count == 2)
    }
    // Without the leave of a test, the loopback is not public.
    var strict = policy(server)
    strict.allowsLoopback = false
    let mixed = TestResolver { _, turn in
      turn == 1 ? ["93.184.215.14", "127.0.0.1"] : ["127.0.0.1"]
    }
    let egress = GuardedEgress(policy: strict, resolver: mixed)
    for _ in 0..<2 {
      #expect(
        await code { try await egress.fetch("http://good.example:\(server.port)/2") }
          == "egress.refused")
    }
    #expect(!server.requests.contains { $0.contains("/2") })
  }

  static let locations = [
    "http://evil.example/", "http://127.0.0.1/", "//evil.example/",
    "http://good.example@evil.example/",
    "http://good.example:22/", "https://good.example:1/", "file:///etc/passwd", "gopher://x/",
    "javascript:alert(1)", "http://[::1]/", "http://2130706433/", "http://good.example\\@evil/",
    "data:text/plain,x", "http://169.254.169.254/latest/meta-data", "unix:/run/x", "http:x",
    "http://good%2eexample/", "mailto:x@y", "HTTP://evil.example", "?x y", "/\u{e9}",
  ]

  @Test("a redirect is checked like the first address", arguments: EgressTests.locations)
  func checksRedirects(location: String) async throws {
    let server = try LoopbackServer { path in
      path == "/1" ? LoopbackServer.redirect(to: location) : LoopbackServer.page("inside")
    }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    let code = await code { try await egress.fetch("http://good.example:\(server.port)/1") }
    #expect(code == "egress.refused")
    #expect(server.requests.count == 1)
  }

  @Test func followsRedirectsInsideAHost() async throws {
    let server = try LoopbackServer { path in
      switch path {
      case "/a/1": LoopbackServer.redirect(to: "2?x=1", status: "301 Moved")
      case "/a/2?x=1": LoopbackServer.redirect(to: "?y", status: "308 Permanent")
      case "/a/2?y": LoopbackServer.redirect(to: "/3#top", status: "303 See Other")
      default: LoopbackServer.page(path)
      }
    }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    let page = try await egress.fetch("http://good.example:\(server.port)/a/1")
    #expect(page.text == "/3" && page.url == "http://good.example:\(server.port)/3")
    #expect(server.requests.count == 4)
  }

  @Test func redirectsEnd() async throws {
    let server = try LoopbackServer { _ in LoopbackServer.redirect(to: "/again") }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    #expect(
      await code { try await egress.fetch("http://good.example:\(server.port)/") }
        == "egress.refused")
    #expect(server.requests.count == 4)
  }

  @Test("a body is read as far as the policy allows")
  func cutsBodies() async throws {
    let server = try LoopbackServer { path in
      path == "/exact"
        ? LoopbackServer.page(String(repeating: "x", count: 10_000))
        : .bytes(
          Array("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n".utf8)
            + [UInt8](repeating: 0x78, count: 50 << 20))
    }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    let exact = try await egress.fetch("http://good.example:\(server.port)/exact")
    #expect(exact.text.count == 10_000 && !exact.isCut)
    let huge = try await egress.fetch("http://good.example:\(server.port)/huge")
    #expect(huge.text.count == 10_000 && huge.isCut)
  }

  @Test("an answer that does not end in time fails")
  func endsInTime() async throws {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
    let server = try LoopbackServer { path in
      switch path {
      case "/body": .drip(Array((head + "\r\n").utf8))
      case "/head": .drip(Array((head + "x-slow: ").utf8))
      default: .silence
      }
    }
    var policy = policy(server)
    policy.timeout = 1
    let egress = GuardedEgress(policy: policy, resolver: Self.loopback)
    for path in ["body", "head", "nothing"] {
      let start = ContinuousClock.now
      let code = await code { try await egress.fetch("http://good.example:\(server.port)/\(path)") }
      #expect(code == "egress.failed", "\(path)")
      #expect(ContinuousClock.now - start < .seconds(30))
    }
  }

  static let types: [(String, Bool)] = [
    ("text/plain", true), ("text/html; charset=utf-8", true), ("application/json", true),
    ("APPLICATION/ld+JSON ; x", true), ("application/xml", true), ("application/atom+xml", true),
    ("application/octet-stream", false), ("image/svg+xml", false), ("image/png", false),
    ("", false),
    ("application/pdf", false), ("application/jsonx", false), ("multipart/form-data", false),
  ]

  @Test("only text is taken", arguments: EgressTests.types.indices)
  func takesText(index: Int) async throws {
    let (type, isTaken) = Self.types[index]
    let server = try LoopbackServer { _ in LoopbackServer.page("<p>x", type: type) }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    let code = await code { try await egress.fetch("http://good.example:\(server.port)/") }
    #expect(code == (isTaken ? nil : "egress.refused"))
  }

  @Test func refusesWhatNobodyAskedFor() async throws {
    let server = try LoopbackServer { path in
      switch path {
      case "/gzip": LoopbackServer.page("x", "content-encoding: gzip")
      case "/nowhere": LoopbackServer.page("", status: "302 Found")
      case "/garbage": .bytes(Array("\u{0}\u{1}garbage\r\n\r\n".utf8))
      case "/missing": LoopbackServer.page("no such page", status: "404 Not Found")
      default: .bytes([])
      }
    }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    for path in ["gzip", "nowhere", "garbage", "empty"] {
      #expect(
        await code { try await egress.fetch("http://good.example:\(server.port)/\(path)") } != nil,
        "\(path)")
    }
    #expect(try await egress.fetch("http://good.example:\(server.port)/missing").status == 404)
  }

  @Test("TLS names the host, not the address, and an unknown certificate is refused")
  func namesTheHostInTLS() async throws {
    let server = try LoopbackServer { _ in .bytes([]) }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    #expect(
      await code { try await egress.fetch("https://good.example:\(server.port)/") }
        == "egress.failed")
    #expect(server.requests.first?.contains("good.example") == true)
  }

  @Test("a failure says nothing of the path, which may carry something away")
  func quotesNoPath() async throws {
    let server = try LoopbackServer { _ in .bytes([]) }
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    for url in [
      "http://good.example:\(server.port)/CANARY", "https://good.example:\(server.port)/CANARY",
      "http://good.example:\(server.port)/ CANARY", "http://evil.example/CANARY",
    ] {
      do {
        _ = try await egress.fetch(url)
        Issue.record("fetched")
      } catch {
        #expect(!"\(error)".contains("CANARY"))
      }
    }
  }

  @Test("the tool gives the page, where it came from and what is missing")
  func givesThePage() async throws {
    let server = try LoopbackServer { _ in
      LoopbackServer.page("<h1>A</h1>b&amp;c", type: "text/html")
    }
    let place = try Workplace()
    let egress = GuardedEgress(policy: policy(server), resolver: Self.loopback)
    let url = "http://good.example:\(server.port)/"
    let result = await place.run(ToolName.webFetch, ["url": .string(url)], egress: egress)
    #expect(result == .success("\(url)\nHTTP 200, text/html\n\nA\nb&c"))
    let denied = await place.run(ToolName.webFetch, ["url": .string(url)])
    #expect(denied.failure?.contains("not") == true)
  }

  @Test func theSystemResolverFindsTheLoopback() async throws {
    let found = try await SystemResolver().addresses(of: "localhost", within: .seconds(20))
    #expect(!found.isEmpty && found.allSatisfy(\.isLoopback))
    await #expect(throws: ApplianceError.self) {
      try await SystemResolver().addresses(of: "absent.invalid", within: .seconds(3))
    }
  }
}
