// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Supervision

/// The door for components of other users, knocked at by this process.
struct RoleSocketTests {
  private let folder: TemporaryFolder
  private var path: String { folder("role.sock") }

  init() throws { folder = try TemporaryFolder() }

  private func door(user: UInt32 = geteuid()) throws -> RoleSocket {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    return try RoleSocket("test", path: path, user: user, logger: logger)
  }

  /// Connects as a component does.
  private func knock() throws -> Int32 {
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
    }
    guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    return socket
  }

  /// What comes until the end of a line or of the connection.
  private func line(from socket: Int32) -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while read(socket, &byte, 1) == 1, byte != 10 { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("whoever knocks is greeted once it is wanted, before or after", arguments: [true, false])
  func greets(knocksFirst: Bool) async throws {
    let door = try door()
    defer { door.cancel() }
    let early = knocksFirst ? try knock() : -1
    async let started = door.start { ["/a", "/b"] }
    let socket = knocksFirst ? early : try knock()
    let connection = try await started
    #expect(connection.pid == getpid())
    #expect(line(from: socket) == #"{"folders":["/a","/b"]}"#)
    connection.kill()
    #expect(line(from: socket).isEmpty)
    close(connection.socket)
    close(socket)
  }

  @Test("another user is hung up on, and nobody else waits for it")
  func refusesOthers() async throws {
    let door = try door(user: geteuid() &+ 1)
    let socket = try knock()
    #expect(line(from: socket).isEmpty)
    close(socket)
    let started = Task { try await door.start { [] } }
    door.cancel()
    await #expect(throws: ApplianceError.self) { try await started.value }
  }

  @Test("of two that knock while nobody is wanted, the later one is taken")
  func takesTheLatest() async throws {
    let door = try door()
    defer { door.cancel() }
    let (first, second) = (try knock(), try knock())
    // The first one is told by the second that came after it.
    #expect(line(from: first).isEmpty)
    let connection = try await door.start { [] }
    #expect(line(from: second) == #"{"folders":[]}"#)
    for socket in [first, second, connection.socket] { close(socket) }
  }

  @Test("who knocked and went away again is not taken for a component")
  func skipsTheDead() async throws {
    let door = try door()
    defer { door.cancel() }
    for _ in 0..<3 { close(try knock()) }
    async let started = door.start { ["/a"] }
    let socket = try knock()
    #expect(line(from: socket) == #"{"folders":["/a"]}"#)
    let connection = try await started
    for socket in [socket, connection.socket] { close(socket) }
  }

  @Test("a connection that is ended counts as the end of a process that does not end")
  func endsWithoutTheProcess() async throws {
    let door = try door()
    defer { door.cancel() }
    async let started = door.start { [] }
    let socket = try knock()
    let connection = try await started
    connection.kill()
    // This process is the component, and goes on.
    #expect(await connection.waitForExit() == "lost its connection, and did not end")
    for socket in [socket, connection.socket] { close(socket) }
  }

  @Test("a task that is cancelled waits no longer")
  func cancelledTask() async throws {
    let door = try door()
    defer { door.cancel() }
    let waiting = Task { try await door.start { [] } }
    waiting.cancel()
    await #expect(throws: ApplianceError.self) { try await waiting.value }
  }

  @Test("a start that waits ends when nobody is wanted any more, and so does the door")
  func cancels() async throws {
    let door = try door()
    let started = Task { try await door.start { [] } }
    door.cancel()
    await #expect(throws: ApplianceError.self) { try await started.value }
    await #expect(throws: ApplianceError.self) { try await door.start { [] } }
    #expect(throws: (any Error).self) { try knock() }
  }

  @Test("a path that is too long is an error")
  func longPath() throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let long = folder(String(repeating: "x", count: 120))
    #expect(throws: ApplianceError.self) {
      try RoleSocket("test", path: long, user: geteuid(), logger: logger)
    }
  }
}
