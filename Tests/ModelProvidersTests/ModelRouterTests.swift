// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization
import Testing

@testable import ModelProviders

/// Retries, fallbacks and circuits, with a clock that only the test moves.
struct ModelRouterTests {
  /// A clock that every sleep moves on.
  final class ManualClock: Sendable {
    private let time = Mutex((now: Duration.zero, sleeps: [Duration]()))

    var now: Duration { time.withLock { $0.now } }
    var sleeps: [Duration] { time.withLock { $0.sleeps } }

    func advance(_ duration: Duration) { time.withLock { $0.now += duration } }

    var clock: RouterClock {
      RouterClock(
        now: { self.now },
        sleep: { duration in
          self.time.withLock { $0.sleeps.append(duration) }
          self.advance(duration)
        }, jitter: { 1 })
    }
  }

  /// Answers with a script; the last outcome stays.
  final class ScriptedProvider: BoundedProvider {
    let name: String
    private let state: Mutex<(script: [ModelFailure.Class?], asked: Int)>
    private let retryAfter: Duration?

    init(_ name: String, _ script: [ModelFailure.Class?], retryAfter: Duration? = nil) {
      self.name = name
      self.retryAfter = retryAfter
      state = Mutex((script, 0))
    }

    var asked: Int { state.withLock { $0.asked } }

    func complete(_ request: CompletionRequest) async throws -> Completion {
      let outcome = state.withLock { state in
        state.asked += 1
        return state.script.count > 1 ? state.script.removeFirst() : state.script.first ?? nil
      }
      if let outcome {
        throw ModelFailure(outcome, provider: name, "scripted", retryAfter: retryAfter)
      }
      return Completion(.reply("from \(name)"), usage: nil, provider: name)
    }

    func complete(_ request: CompletionRequest, within: Duration) async throws -> Completion {
      try await complete(request)
    }
  }

  final class Events: Sendable {
    private let list = Mutex([RouterEvent]())
    var all: [RouterEvent] { list.withLock { $0 } }
    func add(_ event: RouterEvent) { list.withLock { $0.append(event) } }
  }

  private let time = ManualClock()
  private let events = Events()
  private let request = CompletionRequest(assistant: "Claw", history: [], text: "hi", calls: [])

  private func router(
    _ providers: ScriptedProvider..., timeout: Duration = .seconds(120)
  ) throws -> ModelRouter {
    let events = events
    return try ModelRouter(
      providers: providers.map { ($0, timeout: timeout) }, clock: time.clock,
      onEvent: { events.add($0) })
  }

  private func failure(_ router: ModelRouter) async -> ModelFailure? {
    await #expect(throws: ModelFailure.self) { try await router.complete(request) }
  }

  @Test("a passing failure is retried twice, later each time")
  func retries() async throws {
    let one = ScriptedProvider("one", [.transient, .transient, nil])
    let completion = try await router(one).complete(request)
    #expect(completion.provider == "one")
    #expect(time.sleeps == [.milliseconds(500), .seconds(1)])
    let never = ScriptedProvider("never", [.transient])
    #expect(await failure(try router(never))?.class == .transient)
    #expect(never.asked == 3)
  }

  @Test("a busy provider is left alone longer, and as long as it says")
  func busy() async throws {
    _ = try await router(ScriptedProvider("one", [.overloaded, nil])).complete(request)
    #expect(time.sleeps == [.seconds(2)])
    let told = ScriptedProvider("told", [.rateLimited, nil], retryAfter: .seconds(40))
    _ = try await router(told).complete(request)
    #expect(time.sleeps == [.seconds(2), .seconds(40)])
  }

  @Test("a wait that is longer than the answer may take is not begun")
  func noTime() async throws {
    let one = ScriptedProvider("one", [.rateLimited], retryAfter: .seconds(3_600))
    let two = ScriptedProvider("two", [nil])
    #expect(try await router(one, two).complete(request).provider == "two")
    #expect(one.asked == 1)
    #expect(time.sleeps == [])
  }

  @Test(
    "another provider is asked for failures that pass, and for no other",
    arguments: ModelFailure.Class.allCases)
  func fallback(kind: ModelFailure.Class) async throws {
    let one = ScriptedProvider("one", [kind])
    let two = ScriptedProvider("two", [nil])
    let router = try router(one, two)
    let mark = RouterEvent.fallback(from: "one", to: "two", because: kind)
    if [.transient, .overloaded, .rateLimited].contains(kind) {
      #expect(try await router.complete(request).provider == "two")
      #expect(events.all.contains(mark))
    } else {
      #expect(await failure(router)?.class == kind)
      #expect((one.asked, two.asked) == (1, 0))
      #expect(!events.all.contains(mark))
    }
  }

  @Test("every failure is told, in order")
  func told() async throws {
    let one = ScriptedProvider("one", [.transient, .invalid])
    _ = await failure(try router(one))
    let first = ModelFailure(.transient, provider: "one", "scripted")
    let second = ModelFailure(.invalid, provider: "one", "scripted")
    #expect(
      events.all == [
        .failed(first, attempt: 1), .retrying(provider: "one", after: .milliseconds(500)),
        .failed(second, attempt: 2),
      ])
  }

  @Test("a provider that fails again and again is left alone, then probed")
  func circuit() async throws {
    let script: [ModelFailure.Class?] = Array(repeating: .transient, count: 6) + [nil]
    let one = ScriptedProvider("one", script)
    let router = try router(one)
    _ = await failure(router)
    _ = await failure(router)
    #expect(one.asked == 5)
    #expect(
      events.all.last
        == .circuitOpened(provider: "one", because: .transient, for: CircuitBreaker.pause)
        || events.all.contains(
          .circuitOpened(provider: "one", because: .transient, for: CircuitBreaker.pause))
    )
    let refused = await failure(router)
    #expect(one.asked == 5)
    #expect(refused?.class == .transient)
    #expect(refused?.retryAfter == CircuitBreaker.pause)
    time.advance(CircuitBreaker.pause)
    _ = await failure(router)
    #expect(one.asked == 6)
    time.advance(CircuitBreaker.pause)
    _ = await failure(router)
    #expect(one.asked == 6)
    time.advance(CircuitBreaker.pause)
    #expect(try await router.complete(request).provider == "one")
    #expect(events.all.last == .circuitClosed(provider: "one"))
  }

  @Test("no money opens the circuit at once, and sends nothing elsewhere")
  func money() async throws {
    let one = ScriptedProvider("one", [.money, nil])
    let two = ScriptedProvider("two", [nil])
    let router = try router(one, two)
    for _ in 1...3 { #expect(await failure(router)?.class == .money) }
    #expect((one.asked, two.asked) == (1, 0))
    time.advance(CircuitBreaker.longPause)
    #expect(try await router.complete(request).provider == "one")
  }

  @Test("one probe at a time")
  func probe() {
    var breaker = CircuitBreaker()
    let failure = ModelFailure(.money, provider: "p", "m")
    #expect(breaker.failed(failure, at: .zero) == CircuitBreaker.longPause)
    #expect(
      breaker.admit(at: .seconds(20))
        == .refused(.money, wait: CircuitBreaker.longPause - .seconds(20)))
    #expect(breaker.admit(at: CircuitBreaker.longPause) == .probe)
    #expect(breaker.admit(at: CircuitBreaker.longPause) == .refused(.money, wait: .seconds(1)))
    breaker.abandoned()
    #expect(breaker.admit(at: CircuitBreaker.longPause) == .probe)
    breaker.succeeded()
    #expect(breaker.admit(at: CircuitBreaker.longPause) == .open)
  }

  @Test("no route is no router")
  func empty() throws {
    let error = #expect(throws: ApplianceError.self) { try ModelRouter(routes: [], client: nil) }
    #expect(error?.code == .providerUnknown)
  }

  @Test("a router of declared routes falls back over the network, to the embedded provider too")
  func declared() async throws {
    let server = try ScriptedServer([.response("503 Busy", "{}")])
    let route = HTTPProviderTests.route(server)
    let last = ModelRoute(provider: "here", protocol: .offline)
    let events = events
    let completion = try await withModelClient { client in
      let router = try ModelRouter(
        routes: [(route, key: HTTPProviderTests.key()), (last, key: nil)], client: client,
        clock: time.clock, onEvent: { events.add($0) })
      return try await router.complete(request)
    }
    #expect(completion.provider == "here")
    #expect(server.requests.count == 3)
    #expect(events.all.contains(.fallback(from: "main", to: "here", because: .overloaded)))
  }
}
