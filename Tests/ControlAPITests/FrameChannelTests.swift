// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ControlAPI

/// Length-prefixed frames of every size.
@Suite(.timeLimit(.minutes(1)))
struct FrameChannelTests {
  private func channels() throws -> (FrameChannel, FrameChannel) {
    let ends = try Sockets.pair()
    return (
      FrameChannel(owning: ends.0, name: "left"), FrameChannel(owning: ends.1, name: "right")
    )
  }

  private func collect(_ channel: FrameChannel, _ count: Int) async -> [[UInt8]] {
    var frames: [[UInt8]] = []
    for await frame in channel.frames() {
      frames.append(frame)
      if frames.count == count { break }
    }
    return frames
  }

  @Test func framesArriveWholeAndInOrder() async throws {
    let (left, right) = try channels()
    let sizes = [0, 1, 2, 3, 4, 5, 255, 256, 65_535, 65_536, 65_537, 1 << 20, 0, 7]
    let frames = sizes.enumerated().map { index, size in
      [UInt8](repeating: UInt8(index), count: size)
    }
    for frame in frames { left.send(frame) }
    #expect(await collect(right, frames.count) == frames)
    left.shutDown()
  }

  @Test func frameOfManyMegabytesArrives() async throws {
    let (left, right) = try channels()
    let frame = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    left.send(frame)
    let found = await collect(right, 1)
    #expect(found.first == frame)
    left.shutDown()
  }

  @Test func manyWritersDoNotMixTheirFrames() async throws {
    let (left, right) = try channels()
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<20 {
        group.addTask {
          for size in 0..<50 { left.send([UInt8](repeating: UInt8(writer), count: size * 97)) }
        }
      }
    }
    let frames = await collect(right, 1_000)
    #expect(frames.count == 1_000)
    #expect(frames.allSatisfy { frame in Set(frame).count <= 1 })
    let sent = 20 * 97 * (0..<50).reduce(0, +)
    #expect(frames.map(\.count).reduce(0, +) == sent)
    left.shutDown()
  }

  @Test func shutDownEndsTheFramesOfBothSides() async throws {
    let (left, right) = try channels()
    left.send([1])
    left.send([2])
    let first = await collect(right, 1)
    #expect(first == [[1]])
    left.shutDown()
    #expect(await collect(left, 1) == [])
  }

  @Test func bytesAreSentBeforeSendAndWaitReturns() async throws {
    let (left, right) = try channels()
    left.sendAndWait([1, 2, 3])
    left.shutDown()
    #expect(await collect(right, 2) == [[1, 2, 3]])
  }

  @Test func sendingToNobodyIsQuiet() async throws {
    let ends = try Sockets.pair()
    let left = FrameChannel(owning: ends.0, name: "left")
    RawPeer(owning: ends.1).end()
    for _ in 1...50 { left.sendAndWait([UInt8](repeating: 0, count: 10_000)) }
    #expect(await collect(left, 1) == [])
  }

  @Test(arguments: [[], [0], [0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2, 9]] as [[UInt8]])
  func cutOffFrameIsNoFrame(bytes: [UInt8]) async throws {
    let ends = try Sockets.pair()
    let channel = FrameChannel(owning: ends.0, name: "left")
    let peer = RawPeer(owning: ends.1)
    peer.send(RawPeer.header(1) + [7] + bytes)
    peer.end()
    #expect(await collect(channel, 2) == [[7]])
  }

  /// Announcing much and sending little must not cost memory.
  @Test func announcedLengthIsNotTrusted() async throws {
    let ends = try Sockets.pair()
    let channel = FrameChannel(owning: ends.0, name: "left")
    let peer = RawPeer(owning: ends.1)
    peer.send(RawPeer.header(FrameChannel.limit + 1) + [1, 2, 3])
    #expect(await collect(channel, 1) == [])
  }
}
