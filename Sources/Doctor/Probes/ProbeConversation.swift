// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// One connection of a probe, on a thread that may wait.
struct ProbeConversation: ~Copyable {
  private let socket: Descriptor
  private let started = Self.now
  private let end: Double
  private let toHead: Bool
  private var outgoing: Outgoing
  private var received: [UInt8] = []
  private var lastArrival: Double?
  private var isClosed = false

  init(
    _ address: ProbeAddress, limit: Double, _ pieces: [HTTPProbe.Piece], toHead: Bool
  ) throws {
    (end, self.toHead) = (Self.now + limit, toHead)
    outgoing = Outgoing(pieces, at: Self.now)
    socket = try Self.connect(to: address, until: end)
  }

  mutating func run(until ending: HTTPProbe.Ending) throws -> HTTPExchange {
    while !isClosed, !isOver(ending), Self.now < end {
      let isDue = outgoing.isDue(at: Self.now)
      let events = try Self.wait(
        socket.number, for: isDue ? POLLIN | POLLOUT : POLLIN, until: wakingTime(ending, isDue))
      if events & POLLOUT != 0 { send() }
      if events & ~POLLOUT != 0 { receive() }
    }
    return HTTPExchange(
      answers: HTTPAnswer.all(in: received, toHead: toHead), received: received.count,
      isClosed: isClosed, sent: outgoing.sent, seconds: Self.now - started)
  }

  private func isOver(_ ending: HTTPProbe.Ending) -> Bool {
    if received.count >= HTTPProbe.answerLimit { return true }
    switch ending {
    case .answer: return HTTPAnswer.all(in: received, toHead: toHead).first?.isWhole == true
    case .closed: return false
    case .silence(let seconds): return lastArrival.map { Self.now - $0 >= seconds } ?? false
    }
  }

  private func wakingTime(_ ending: HTTPProbe.Ending, _ isDue: Bool) -> Double {
    var times = [end]
    if !isDue, let due = outgoing.due { times.append(due) }
    if case .silence(let seconds) = ending, let lastArrival { times.append(lastArrival + seconds) }
    return times.min() ?? end
  }

  private mutating func send() {
    let count = outgoing.lend { bytes in
      Glibc.send(socket.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    }
    if count > 0 { return outgoing.advance(by: count, at: Self.now) }
    // A peer that takes no more may still have answered.
    if errno != EAGAIN && errno != EINTR { outgoing.drop() }
  }

  private mutating func receive() {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    let count = recv(socket.number, &chunk, chunk.count, 0)
    if count > 0 {
      received += chunk[..<min(count, HTTPProbe.answerLimit - received.count)]
      lastArrival = Self.now
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      isClosed = true
    }
  }

  // MARK: The kernel

  private static func connect(to address: ProbeAddress, until end: Double) throws -> Descriptor {
    let opened = try address.withSocketAddress { found in
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      let number = Glibc.socket(found.ai_family, kind, 0)
      guard number >= 0 else { throw failed("make a socket for", address, errno) }
      if Glibc.connect(number, found.ai_addr, found.ai_addrlen) != 0 && errno != EINPROGRESS {
        let error = errno
        close(number)
        throw failed("connect to", address, error)
      }
      return number
    }
    guard let opened else { throw failed("understand", address, EINVAL) }
    let socket = Descriptor(owning: opened)
    let events = try wait(socket.number, for: POLLOUT, until: end)
    var (error, length): (Int32, socklen_t) = (0, 4)
    guard events != 0, getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &error, &length) == 0 else {
      throw failed("connect to", address, ETIMEDOUT)
    }
    guard error == 0 else { throw failed("connect to", address, error) }
    return socket
  }

  /// - Returns: What happened; 0 when the time came.
  private static func wait(_ descriptor: Int32, for events: Int32, until end: Double) throws
    -> Int32
  {
    var waited = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    let milliseconds = Int32(max(1, min((end - now) * 1_000, 60_000)).rounded(.up))
    let count = poll(&waited, 1, milliseconds)
    guard count >= 0 || errno == EINTR else {
      throw ApplianceError(.probeFailed, "cannot wait for a connection: \(words(errno))")
    }
    return count > 0 ? Int32(waited.revents) : 0
  }

  /// Of the monotonic clock. Seconds.
  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func failed(
    _ operation: String, _ address: ProbeAddress, _ number: Int32
  ) -> ApplianceError {
    ApplianceError(
      .probeFailed, "cannot \(operation) \(address): \(words(number))", hint: "kafclaw status")
  }

  private static func words(_ number: Int32) -> String { String(cString: strerror(number)) }
}

/// What is still to be sent, and when.
private struct Outgoing {
  private let pieces: [HTTPProbe.Piece]
  private var piece = 0
  private var time = 0
  private var offset = 0
  private(set) var sent = 0
  /// When the next bytes may go; `nil` when there are none.
  private(set) var due: Double?

  init(_ pieces: [HTTPProbe.Piece], at now: Double) {
    self.pieces = pieces.filter { !$0.bytes.isEmpty && $0.times > 0 }
    due = self.pieces.first.map { now + $0.pause }
  }

  func isDue(at now: Double) -> Bool { due.map { $0 <= now } ?? false }

  func lend<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    guard pieces.indices.contains(piece) else {
      return body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    return pieces[piece].bytes.withUnsafeBytes { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(offset)))
    }
  }

  mutating func advance(by count: Int, at now: Double) {
    sent += count
    offset += count
    guard pieces.indices.contains(piece), offset >= pieces[piece].bytes.count else { return }
    (offset, time) = (0, time + 1)
    if time >= pieces[piece].times { (piece, time) = (piece + 1, 0) }
    due = pieces.indices.contains(piece) ? now + pieces[piece].pause : nil
  }

  mutating func drop() { (piece, due) = (pieces.count, nil) }
}
