// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import ModelProviders

/// Streams in pieces, cut streams and broken ones: the same answer, or none.
struct StreamCutTests {
  @Test("chunks do not matter", arguments: WireFixtures.all)
  func chunks(fixture: WireFixtures.Fixture) throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "StreamCutTests.chunks"))
    let bytes = Array(fixture.stream.utf8)
    let whole = try completion(of: [bytes], fixture.decoder)
    #expect(whole.completion.move == fixture.move)
    #expect(whole.completion.usage == fixture.usage)
    for _ in 0..<30 {
      let got = try completion(of: bytes.cut(with: &random), fixture.decoder)
      #expect(got.events == whole.events)
      #expect(got.completion == whole.completion)
    }
  }

  /// Where the reason of the end was read the answer is whole, and only numbers are missing.
  @Test("a stream that ends early is no answer", arguments: WireFixtures.all)
  func cuts(fixture: WireFixtures.Fixture) throws {
    let bytes = Array(fixture.stream.utf8)
    let reason = fixture.isAnthropic ? #""stop_reason":""# : #""finish_reason":""#
    let place = try #require(bytes.firstRange(of: Array(reason.utf8))).upperBound
    for count in bytes.indices {
      do {
        let answer = try completion(of: [Array(bytes[..<count])], fixture.decoder).completion
        #expect(count > place)
        #expect(answer.move == fixture.move)
      } catch let failure as ModelFailure {
        #expect(failure.class == .transient)
      }
    }
  }

  @Test("changed bytes are an answer or an error, never a trap", arguments: WireFixtures.all)
  func changes(fixture: WireFixtures.Fixture) throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "StreamCutTests.changes"))
    let original = Array(fixture.stream.utf8)
    for _ in 0..<300 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        default: bytes.remove(at: index)
        }
      }
      do {
        _ = try completion(of: [bytes], fixture.decoder)
      } catch is ModelFailure {
      } catch is MalformedAnswer {
      } catch is SaidFailure {
      }
    }
  }

  @Test("random JSON in a stream is an answer or an error, never a trap", arguments: [false, true])
  func values(isAnthropic: Bool) throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "StreamCutTests.values"))
    let words = [
      "choices", "delta", "tool_calls", "index", "id", "function", "name", "arguments", "usage",
      "finish_reason", "type", "content_block", "content", "message", "text", "error", "code",
      "message_start", "content_block_start", "content_block_delta", "input_json_delta",
      "message_delta", "stop_reason", "tool_use", "partial_json", "prompt_tokens",
    ]
    func value(_ depth: Int) -> String {
      switch Int.random(in: 0...(depth > 4 ? 4 : 7), using: &random) {
      case 0: return "null"
      case 1: return "-9223372036854775808"
      case 2: return "1e400"
      case 3: return "9223372036854775807"
      case 4: return "\"\(words.randomElement(using: &random) ?? "")\""
      case 5:
        return "[" + (0..<2).map { _ in value(depth + 1) }.joined(separator: ",") + "]"
      default:
        return "{"
          + (0..<4).map { _ in
            "\"\(words.randomElement(using: &random) ?? "")\":\(value(depth + 1))"
          }
          .joined(separator: ",") + "}"
      }
    }
    for _ in 0..<1_000 {
      let stream = (0..<3).map { _ in "data: \(value(0))\n\n" }.joined()
      do {
        _ = try completion(of: stream, isAnthropic ? AnthropicDecoder() : OpenAIDecoder())
      } catch is ModelFailure {
      } catch is MalformedAnswer {
      } catch is SaidFailure {
      }
    }
  }
}
