// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSandbox
import DurableIO
import Glibc

/// Follows a keeper until nothing is left: keeps the first bytes of the two streams, and orders the
/// end when the time or the output is over.
struct KeeperWatch: ~Copyable {
  private let reports: Descriptor
  /// Closing it is the order to kill.
  private var control: Descriptor?
  private let keep: Int
  private let clock = ElapsedTime()
  private(set) var result = ContainedProcess.Result()

  /// Milliseconds the kernel gets to end killed processes.
  private static let patience = 15_000

  init(reports: consuming Descriptor, control: consuming Descriptor, keep: Int) {
    self.reports = reports
    self.control = .some(consume control)
    self.keep = keep
  }

  /// Returns whether everything has ended.
  mutating func follow(output: Int32, errors: Int32, wallTime: Int) -> Bool {
    for descriptor in [output, errors] {
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }
    var deadline = wallTime
    var events = [output, errors, reports.number].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    while true {
      let left = max(0, deadline - clock.milliseconds)
      guard poll(&events, nfds_t(events.count), Int32(clamping: left)) >= 0 || errno == EINTR
      else { return false }
      if events[0].revents != 0, result.output.collect(from: output, keep: keep) {
        events[0].fd = -1
      }
      if events[1].revents != 0, result.errors.collect(from: errors, keep: keep) {
        events[1].fd = -1
      }
      // The end of this file is the keeper's, and it goes last: nobody holds the pipes any more.
      if events[2].revents != 0, !readReport() { break }
      let isLate = clock.milliseconds >= deadline
      if control == nil {
        if isLate { return false }
      } else if isLate || result.isFlooded {
        result.isTimedOut = isLate && !result.isFlooded && result.status == nil
        control = nil
        deadline = clock.milliseconds + Self.patience
      }
    }
    _ = result.output.collect(from: output, keep: keep)
    _ = result.errors.collect(from: errors, keep: keep)
    result.wallTime = clock.milliseconds
    return true
  }

  /// Returns false at the end of the file.
  private mutating func readReport() -> Bool {
    var record: [Int32] = [0, 0]
    let size = record.withUnsafeMutableBytes { read(reports.number, $0.baseAddress, $0.count) }
    if size < 0 && errno == EINTR { return true }
    guard size == 8 else { return false }
    if UInt32(bitPattern: record[0]) == KAFCLAW_KEEPER_ENDED.rawValue {
      if result.failure == nil { result.status = WaitStatus(raw: record[1]) }
    } else {
      result.failure = record[1]
    }
    return true
  }
}

/// Milliseconds since it was made.
struct ElapsedTime {
  private let start = Self.now

  var milliseconds: Int { Self.now - start }

  private static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

/// The first bytes of a stream.
struct OutputCollector {
  private(set) var bytes: [UInt8] = []
  private(set) var isCut = false

  /// Reads what is there, at most a fixed amount at a time. Returns true at the end of the stream.
  mutating func collect(from descriptor: Int32, keep: Int) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    for _ in 0..<64 {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { return errno != EAGAIN && errno != EINTR }
      if count == 0 { return true }
      let room = keep - bytes.count
      bytes.append(contentsOf: chunk[..<min(room, count)])
      if count > room {
        isCut = true
        return false
      }
    }
    return false
  }
}

/// Both ends of a pipe, which children do not inherit.
final class Pipe {
  let reader: Descriptor
  private var end: Descriptor?

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard kafclaw_pipe(&ends) == 0 else {
      throw ApplianceError.sandbox("cannot make a pipe", errno)
    }
    reader = Descriptor(owning: ends[0])
    end = Descriptor(owning: ends[1])
  }

  /// The number of the end to write to; -1 when it is closed.
  var writer: Int32 {
    switch end {
    case .some(let descriptor): descriptor.number
    case nil: -1
    }
  }

  func closeWriter() { end = nil }
}

extension ApplianceError {
  /// The sandbox failed, with the kernel's reason.
  static func sandbox(_ message: String, _ number: Int32) -> ApplianceError {
    ApplianceError(.sandboxFailed, "\(message): \(String(cString: strerror(number)))")
  }
}
