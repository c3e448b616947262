// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import ControlAPI

/// How a link ends: open calls fail, `run` returns, nothing crashes.
@Suite(.timeLimit(.minutes(1)))
struct LinkEndTests {
  private func code(_ link: TestLink, _ number: Int = 1) async -> String {
    do {
      return "answered \(try await link.call(Question(number: number)).number)"
    } catch let error as ApplianceError {
      return error.code.rawValue
    } catch {
      return "\(error)"
    }
  }

  @Test func peerThatClosesFailsEveryOpenCall() async throws {
    let ends = try Sockets.pair()
    let link = TestLink(owning: ends.0, name: "left")
    let peer = RawPeer(owning: ends.1)
    await withTaskGroup(of: String?.self) { group in
      for number in 0..<50 {
        group.addTask { await code(link, number) }
      }
      group.addTask {
        await link.run { Answer(number: $0.number) }
        return nil
      }
      peer.end()
      let codes = await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
      #expect(codes == Array(repeating: "link.closed", count: 50))
    }
    #expect(await code(link) == "link.closed")
  }

  @Test func closingFromThisSideFailsOpenCallsToo() async throws {
    let gate = Gate()
    try await Sockets.linked(right: { question in
      await gate.pass()
      return Answer(number: question.number)
    }) { left, _ in
      await withTaskGroup(of: String.self) { group in
        for number in 0..<10 {
          group.addTask { await code(left, number) }
        }
        await gate.waitForArrivals(10)
        left.close()
        for await code in group { #expect(code == "link.closed") }
      }
      await gate.open()
    }
  }

  @Test func handlersAreCancelledWhenThePeerIsGone() async throws {
    let ends = try Sockets.pair()
    let link = TestLink(owning: ends.0, name: "left")
    let peer = RawPeer(owning: ends.1)
    let gate = Gate()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await link.run { question in
          await gate.pass()
          // Ends with the task; the time limit of the suite tells when it does not.
          try await Task.sleep(for: .seconds(3_600))
          return Answer(number: question.number)
        }
      }
      await gate.open()
      peer.send(RawPeer.frame(#"{"id":1,"request":{"number":1,"text":""}}"#))
      await gate.waitForArrivals(1)
      peer.end()
    }
  }

  /// Whatever arrives: the link ends, calls fail, nothing is answered.
  static let garbage: [(String, [UInt8])] = [
    ("nothing", []),
    ("half a header", [0, 0]),
    ("header without a body", RawPeer.header(10)),
    ("half a body", RawPeer.header(10) + [0x7B]),
    ("empty frame", RawPeer.header(0)),
    ("largest length", [0xFF, 0xFF, 0xFF, 0xFF]),
    ("one over the limit", RawPeer.header(FrameChannel.limit + 1)),
    ("no JSON", RawPeer.frame("hello")),
    ("no UTF-8", RawPeer.header(2) + [0xC3, 0x28]),
    ("JSON of another kind", RawPeer.frame("[]")),
    ("no id", RawPeer.frame(#"{"reply":{"number":1,"text":""}}"#)),
    ("negative id", RawPeer.frame(#"{"id":-1,"reply":{"number":1,"text":""}}"#)),
    ("huge id", RawPeer.frame(#"{"id":1e400}"#)),
    ("request of another form", RawPeer.frame(#"{"id":1,"request":{"numb":1}}"#)),
    ("reply of another form", RawPeer.frame(#"{"id":1,"reply":{"number":"1","text":""}}"#)),
    ("error of another form", RawPeer.frame(#"{"id":1,"failure":{"code":7}}"#)),
    ("deep nesting", RawPeer.frame(String(repeating: "[", count: 100_000))),
    ("two documents", RawPeer.frame(#"{"id":9}{"id":9}"#)),
  ]

  @Test(arguments: LinkEndTests.garbage.indices)
  func garbageEndsTheLink(index: Int) async throws {
    let (name, bytes) = Self.garbage[index]
    let ends = try Sockets.pair()
    let link = TestLink(owning: ends.0, name: "left")
    let peer = RawPeer(owning: ends.1)
    peer.send(bytes)
    let isCut = ["nothing", "half a header", "header without a body", "half a body"].contains(name)
    if isCut { peer.end() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await link.run { Answer(number: $0.number) } }
      group.addTask {
        let code = await code(link)
        #expect(code == "link.closed", "\(name)")
      }
    }
  }

  @Test func randomBytesNeverCrashTheLink() async throws {
    let seed = SplitMix64.seed(of: "random bytes on a link")
    var random = SplitMix64(seed: seed)
    for _ in 1...200 {
      let ends = try Sockets.pair()
      let link = TestLink(owning: ends.0, name: "left")
      let peer = RawPeer(owning: ends.1)
      var bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { bytes = RawPeer.header(bytes.count) + bytes }
      peer.send(bytes)
      peer.end()
      await link.run { Answer(number: $0.number) }
    }
  }

  /// Answers that belong to no call are passed over; the link lives on.
  @Test func answerToNoCallIsPassedOver() async throws {
    let ends = try Sockets.pair()
    let link = TestLink(owning: ends.0, name: "left")
    let peer = RawPeer(owning: ends.1)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await link.run { Answer(number: $0.number) } }
      peer.send(RawPeer.frame(#"{"id":77,"reply":{"number":1,"text":""}}"#))
      peer.send(RawPeer.frame(#"{"id":78}"#))
      peer.send(RawPeer.frame(#"{"id":1,"reply":{"number":5,"text":""}}"#))
      peer.send(RawPeer.frame(#"{"id":2,"failure":{"code":"test.no","message":"no"}}"#))
      peer.send(RawPeer.frame(#"{"id":3}"#))
      peer.end()
    }
    #expect(await code(link) == "link.closed")
  }
}
