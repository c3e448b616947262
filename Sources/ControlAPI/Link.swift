// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization

/// Requests in both directions over one socket: between the supervisor and a component.
///
/// Replies may come in any order. When the other side is gone, every open call fails with
/// `link.closed` and ``run(handler:)`` returns.
public final class Link<Incoming, IncomingReply, Outgoing, OutgoingReply>: Sendable
where
  Incoming: Codable & Sendable, IncomingReply: Codable & Sendable,
  Outgoing: Codable & Sendable, OutgoingReply: Codable & Sendable
{
  private struct OutgoingFrame: Encodable {
    let id: UInt64
    var request: Outgoing?
    var reply: IncomingReply?
    var failure: ApplianceError?
  }

  private struct IncomingFrame: Decodable {
    let id: UInt64
    let request: Incoming?
    let reply: OutgoingReply?
    let failure: ApplianceError?
  }

  private struct State {
    var isOpen = true
    var nextID: UInt64 = 1
    var calls: [UInt64: CheckedContinuation<OutgoingReply, any Error>] = [:]
  }

  private let channel: FrameChannel
  private let state = Mutex(State())

  /// Takes over a connected stream socket.
  public init(owning descriptor: Int32, name: String) {
    channel = FrameChannel(owning: descriptor, name: name)
  }

  /// Serves requests and receives replies until the other side is gone. Call once.
  ///
  /// - Parameter handler: May throw an ``ApplianceError``, which travels to the caller; anything
  ///   else arrives there as an inconsistency.
  public func run(handler: @escaping @Sendable (Incoming) async throws -> IncomingReply) async {
    await withDiscardingTaskGroup { group in
      for await bytes in channel.frames() {
        // A frame that cannot be decoded ends the link: nothing after it can be trusted.
        guard let frame = try? ApplianceJSON.decode(IncomingFrame.self, from: bytes) else { break }
        if let request = frame.request {
          group.addTask { await self.answer(request, id: frame.id, with: handler) }
        } else {
          complete(frame)
        }
      }
      end()
      group.cancelAll()
    }
  }

  /// Asks the other side.
  ///
  /// - Throws: The other side's ``ApplianceError``; `link.closed`; `CancellationError`.
  public func call(_ request: Outgoing) async throws -> OutgoingReply {
    let id = state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    let bytes = try ApplianceJSON.encode(OutgoingFrame(id: id, request: request))
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isOpen = state.withLock { state in
          if state.isOpen { state.calls[id] = continuation }
          return state.isOpen
        }
        guard isOpen else { return continuation.resume(throwing: Self.closed) }
        if Task.isCancelled {
          take(id)?.resume(throwing: CancellationError())
        } else {
          channel.send(bytes)
        }
      }
    } onCancel: {
      take(id)?.resume(throwing: CancellationError())
    }
  }

  /// Ends the link from this side.
  public func close() {
    channel.shutDown()
  }

  private func answer(
    _ request: Incoming, id: UInt64,
    with handler: @Sendable (Incoming) async throws -> IncomingReply
  ) async {
    var frame = OutgoingFrame(id: id)
    do {
      frame.reply = try await handler(request)
    } catch let error as ApplianceError {
      frame.failure = error
    } catch {
      frame.failure = ApplianceError(.inconsistent, "\(type(of: error))")
    }
    do {
      channel.send(try ApplianceJSON.encode(frame))
    } catch {
      channel.shutDown()
    }
  }

  private func complete(_ frame: IncomingFrame) {
    guard let call = take(frame.id) else { return }
    if let reply = frame.reply {
      call.resume(returning: reply)
    } else {
      call.resume(throwing: frame.failure ?? ApplianceError(.malformed, "a reply without content"))
    }
  }

  private func take(_ id: UInt64) -> CheckedContinuation<OutgoingReply, any Error>? {
    state.withLock { $0.calls.removeValue(forKey: id) }
  }

  private func end() {
    let calls = state.withLock { state in
      state.isOpen = false
      defer { state.calls = [:] }
      return state.calls.values.map { $0 }
    }
    channel.shutDown()
    for call in calls { call.resume(throwing: Self.closed) }
  }

  private static var closed: ApplianceError {
    ApplianceError(.linkClosed, "the other side of the link is gone")
  }
}

/// The supervisor's end of a component's link.
public typealias SupervisorLink = Link<
  ComponentRequest, ComponentReply, SupervisorOrder, SupervisorOrderReply
>

/// The component's end.
public typealias ComponentLink = Link<
  SupervisorOrder, SupervisorOrderReply, ComponentRequest, ComponentReply
>

/// The descriptor on which every component finds its link.
public let componentLinkDescriptor: Int32 = 3
