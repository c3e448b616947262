// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Testing

/// Sockets at paths that are longer than a socket address.
struct SocketAddressPathTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The bytes of `sun_path`, with the zero at the end.
  private static let capacity = 108

  /// A path below a fresh folder, `count` bytes long.
  private func path(count: Int) throws -> String {
    let start = folder("")
    let name = "/control.sock"
    let middle = count - start.utf8.count - name.utf8.count
    try #require((1...255).contains(middle))
    let parent = start + String(repeating: "d", count: middle)
    try PrivateFolder.create(parent)
    return parent + name
  }

  @Test(arguments: ["/run/kafclaw/control.sock", "control.sock", ""])
  func leavesAShortPathAlone(full: String) throws {
    let address = try SocketAddressPath(full)
    let path = address.path
    #expect(path == full)
  }

  @Test(arguments: [99, 100, 101, 107, 108, 109, 200])
  func fitsIntoAnAddress(count: Int) throws {
    let full = try path(count: count)
    let address = try SocketAddressPath(full)
    let path = address.path
    #expect(full.utf8.count == count)
    #expect(path.utf8.count < Self.capacity)
  }

  @Test(arguments: [60, 101, 200])
  func carriesAConnection(count: Int) throws {
    let full = try path(count: max(count, folder("").utf8.count + 20))
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer {
      close(listener)
      close(client)
    }
    #expect(try withAddress(of: full) { bind(listener, $0, $1) } == 0)
    #expect(listen(listener, 1) == 0)
    var status = stat()
    #expect(lstat(full, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK)
    #expect(try withAddress(of: full) { connect(client, $0, $1) } == 0)
  }

  @Test func tellsOfAMissingFolder() {
    let error = #expect(throws: ApplianceError.self) {
      _ = try SocketAddressPath(folder(String(repeating: "d", count: 120) + "/control.sock"))
    }
    #expect(error?.code == .fileMissing)
  }

  @Test func findsALongNameInTheRootFolder() throws {
    let address = try SocketAddressPath("/" + String(repeating: "n", count: 101))
    let path = address.path
    #expect(path.hasPrefix("/proc/self/fd/"))
  }

  /// Alone in its process, so that no other test opens descriptors in between.
  @Test func givesItsDescriptorBack() async {
    await #expect(processExitsWith: .success) {
      let test = try SocketAddressPathTests()
      let full = try test.path(count: 150)
      let before = try Self.openDescriptors()
      for _ in 0..<50 { _ = try SocketAddressPath(full) }
      #expect(try Self.openDescriptors() == before)
    }
  }

  private static func openDescriptors() throws -> Int {
    guard let folder = opendir("/proc/self/fd") else { throw SetupFailure(what: "/proc/self/fd") }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }

  private func withAddress(
    of full: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    let short = try SocketAddressPath(full)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short.path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    withExtendedLifetime(short) {}
    return result
  }
}
