// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import Synchronization

/// Finds the addresses of a host.
public protocol NameResolver: Sendable {
  /// - Returns: Every address, in the order to try them.
  func addresses(of host: String, within time: Duration) async throws -> [IPAddress]
}

/// The system's resolver, getaddrinfo(3), on threads of its own: it blocks, and cannot be stopped.
public struct SystemResolver: NameResolver {
  /// Lookups at once; one that hangs keeps its place.
  static let limit = 8

  private static let running = Atomic<Int>(0)

  public init() {}

  public func addresses(of host: String, within time: Duration) async throws -> [IPAddress] {
    let lookup = Lookup(host)
    return try await withThrowingTaskGroup(of: [IPAddress].self) { group in
      group.addTask { try await lookup.result() }
      group.addTask {
        try await ContinuousClock().sleep(for: time)
        throw ApplianceError(.egressFailed, "host \"\(host)\" was not found in time")
      }
      defer { group.cancelAll() }
      return try await group.next() ?? []
    }
  }

  /// Runs on a thread that nobody waits for.
  fileprivate static func start(_ lookup: Lookup) -> Bool {
    guard running.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
      running.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    var thread = pthread_t()
    let handle = Unmanaged.passRetained(lookup)
    let failure = pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        let lookup = Unmanaged<Lookup>.fromOpaque(pointer).takeRetainedValue()
        lookup.finish(SystemResolver.ask(lookup.host))
        SystemResolver.running.wrappingSubtract(1, ordering: .relaxed)
        return nil
      }, handle.toOpaque())
    guard failure == 0 else {
      handle.release()
      running.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    pthread_detach(thread)
    return true
  }

  private static func ask(_ host: String) -> Result<[IPAddress], ApplianceError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else {
      let words = String(cString: gai_strerror(status))
      return .failure(ApplianceError(.egressFailed, "host \"\(host)\" was not found: \(words)"))
    }
    defer { freeaddrinfo(list) }
    return .success(sequence(first: list) { $0?.pointee.ai_next }.compactMap(address))
  }

  private static func address(_ entry: UnsafeMutablePointer<addrinfo>?) -> IPAddress? {
    guard let entry, let socket = entry.pointee.ai_addr else { return nil }
    switch entry.pointee.ai_family {
    case AF_INET:
      return socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
        withUnsafeBytes(of: four.pointee.sin_addr) { IPAddress(Array($0)) }
      }
    case AF_INET6:
      return socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
        withUnsafeBytes(of: six.pointee.sin6_addr) { IPAddress(Array($0)) }
      }
    default: return nil
    }
  }
}

/// One question to the resolver: its answer, or the end of whoever waits, whichever comes first.
private final class Lookup: Sendable {
  private typealias Waiter = CheckedContinuation<[IPAddress], any Error>

  private enum State {
    case idle
    case waiting(Waiter)
    case over
  }

  let host: String
  private let state = Mutex(State.idle)

  init(_ host: String) { self.host = host }

  func result() async throws -> [IPAddress] {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        let mayWait = state.withLock { state in
          if case .over = state { return false }
          state = .waiting(waiter)
          return true
        }
        guard mayWait else { return waiter.resume(throwing: CancellationError()) }
        if !SystemResolver.start(self) {
          finish(.failure(ApplianceError(.egressFailed, "too many hosts are being looked up")))
        }
      }
    } onCancel: {
      take()?.resume(throwing: CancellationError())
    }
  }

  func finish(_ result: Result<[IPAddress], ApplianceError>) {
    take()?.resume(with: result.mapError { $0 })
  }

  private func take() -> Waiter? {
    state.withLock { state in
      defer { state = .over }
      if case .waiting(let waiter) = state { return waiter }
      return nil
    }
  }
}
