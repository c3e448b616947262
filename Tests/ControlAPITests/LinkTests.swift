// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ControlAPI

/// Requests in both directions over one real socket.
@Suite(.timeLimit(.minutes(1)))
struct LinkTests {
  @Test func callIsAnswered() async throws {
    try await Sockets.linked(right: { Answer(number: $0.number + 1, text: $0.text) }) { left, _ in
      let answer = try await left.call(Question(number: 41, text: "é\n\u{0}\"\\"))
      #expect(answer == Answer(number: 42, text: "é\n\u{0}\"\\"))
    }
  }

  @Test func manyCallsInBothDirectionsGetTheirOwnAnswers() async throws {
    let echo: @Sendable (Question) async throws -> Answer = { question in
      await Task.yield()
      return Answer(number: question.number, text: String(question.text.reversed()))
    }
    try await Sockets.linked(left: echo, right: echo) { left, right in
      try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
        for number in 0..<400 {
          let link = number.isMultiple(of: 2) ? left : right
          group.addTask {
            (number, try await link.call(Question(number: number, text: "text \(number)")))
          }
        }
        for try await (number, answer) in group {
          let text = String("text \(number)".reversed())
          #expect(answer == Answer(number: number, text: text))
        }
      }
    }
  }

  /// The first call is answered last.
  @Test func answersMayComeInAnyOrder() async throws {
    let gate = Gate()
    try await Sockets.linked(right: { question in
      if question.number == 0 { await gate.pass() }
      return Answer(number: question.number)
    }) { left, _ in
      async let first = left.call(Question(number: 0))
      await gate.waitForArrivals(1)
      for number in 1...20 {
        let answer = try await left.call(Question(number: number))
        #expect(answer.number == number)
      }
      await gate.open()
      let last = try await first
      #expect(last.number == 0)
    }
  }

  @Test func handlerMayCallBack() async throws {
    let ends = try Sockets.pair()
    let left = TestLink(owning: ends.0, name: "left")
    let right = TestLink(owning: ends.1, name: "right")
    await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await left.run { question in
          guard question.number > 0 else { return Answer(number: 0, text: "end") }
          return try await Answer(
            number: question.number, text: left.call(Question(number: question.number - 1)).text)
        }
      }
      group.addTask {
        await right.run { question in
          guard question.number > 0 else { return Answer(number: 0, text: "end") }
          return try await Answer(
            number: question.number, text: right.call(Question(number: question.number - 1)).text)
        }
      }
      // `try?`: a wrong answer fails the comparison.
      let answer = try? await left.call(Question(number: 30))
      #expect(answer == Answer(number: 30, text: "end"))
      left.close()
    }
  }

  @Test func errorOfTheHandlerTravelsWhole() async throws {
    let error = ApplianceError(.init("test.refused"), "no \"such\" thing", hint: "ask again")
    try await Sockets.linked(right: { _ in throw error }) { left, _ in
      let thrown = await #expect(throws: ApplianceError.self) {
        try await left.call(Question(number: 1))
      }
      #expect(thrown == error)
    }
  }

  /// Its text may hold anything, a secret too.
  @Test func foreignErrorTravelsAsItsTypeOnly() async throws {
    struct Leak: Error, CustomStringConvertible {
      let description = "canary-5f2b"
    }
    try await Sockets.linked(right: { _ in throw Leak() }) { left, _ in
      let thrown = await #expect(throws: ApplianceError.self) {
        try await left.call(Question(number: 1))
      }
      #expect(thrown?.code == .inconsistent)
      #expect(thrown.map { "\($0)".contains("canary") } == false)
    }
  }

  @Test func cancelledCallReturnsAndLeavesTheLinkUsable() async throws {
    let gate = Gate()
    try await Sockets.linked(right: { question in
      if question.number == 0 { await gate.pass() }
      return Answer(number: question.number)
    }) { left, _ in
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            _ = try await left.call(Question(number: 0))
            return false
          } catch {
            return error is CancellationError
          }
        }
        await gate.waitForArrivals(1)
        group.cancelAll()
        for await isCancelled in group { #expect(isCancelled) }
      }
      let other = try await left.call(Question(number: 7))
      #expect(other.number == 7)
      await gate.open()
      // The answer to the cancelled call comes late and belongs to nobody.
      let later = try await left.call(Question(number: 8))
      #expect(later.number == 8)
    }
  }

  @Test func callOfACancelledTaskIsCancelled() async throws {
    try await Sockets.linked { left, _ in
      await withTaskGroup(of: Bool.self) { group in
        group.cancelAll()
        for number in 0..<100 {
          group.addTask {
            do {
              _ = try await left.call(Question(number: number))
              return false
            } catch {
              return error is CancellationError
            }
          }
        }
        for await isCancelled in group { #expect(isCancelled) }
      }
      let other = try await left.call(Question(number: 1))
      #expect(other.number == 1)
    }
  }

  @Test func callBeforeTheLinkRunsIsAnsweredLater() async throws {
    let ends = try Sockets.pair()
    let left = TestLink(owning: ends.0, name: "left")
    let right = TestLink(owning: ends.1, name: "right")
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let answer = try await left.call(Question(number: 5))
        #expect(answer.number == 5)
        left.close()
      }
      group.addTask { await right.run { Answer(number: $0.number) } }
      group.addTask { await left.run { Answer(number: $0.number) } }
      try await group.waitForAll()
    }
  }
}
