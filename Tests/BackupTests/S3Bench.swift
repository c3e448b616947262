// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import NIOCore
import Synchronization
import TestSupport

@testable import Backup

/// `moto_server`, which speaks S3, on a port of the loopback. Ends with this object, and with the
/// process whatever ends it.
final class MotoServer: Sendable {
  static let isInstalled = Tool.path("moto_server") != nil
  /// One for all tests of a run: it starts in seconds. Anybody may do anything there.
  static let shared = Result { try MotoServer() }
  /// Objects on one page of a listing. AWS has a thousand.
  static let pageSize = 7
  /// Below those that systems hand out by themselves, so that none is taken in between.
  private static let ports = 21_100..<21_200

  let port: Int
  private let process: Process
  private let input: Pipe

  /// - Parameter openActions: After so many requests, signatures and policies are verified.
  init(openActions: Int? = nil) throws {
    for port in Self.ports.shuffled() where Self.connect(port) == nil {
      let (process, input) = try Self.start(port, openActions)
      while process.isRunning {
        if let descriptor = Self.connect(port) {
          close(descriptor)
          (self.port, self.process, self.input) = (port, process, input)
          return
        }
        // Nothing to wait for but time: until the port is open, or the process gave up.
        poll(nil, 0, 20)
      }
    }
    throw SetupFailure(what: "start moto_server")
  }

  /// The shell ends the server when its own input does.
  private static func start(_ port: Int, _ openActions: Int?) throws -> (Process, Pipe) {
    let (process, input) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/bin/sh")
    let script = "\"$@\" & child=$!; trap 'kill -9 $child' EXIT; read line"
    process.arguments = ["-c", script, "sh", "moto_server", "-H", "127.0.0.1", "-p", "\(port)"]
    var variables = ProcessInfo.processInfo.environment
    variables["MOTO_S3_DEFAULT_MAX_KEYS"] = "\(pageSize)"
    variables["INITIAL_NO_AUTH_ACTION_COUNT"] = openActions.map { "\($0)" }
    process.environment = variables
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, input)
  }

  private static func connect(_ port: Int) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let isConnected = withUnsafeBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { address in
        Glibc.connect(descriptor, address.baseAddress, socklen_t(bytes.count)) == 0
      }
    }
    if isConnected { return descriptor }
    close(descriptor)
    return nil
  }

  deinit {
    // `try?`: a shell that is gone has ended its server.
    try? input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    process.waitUntilExit()
  }
}

/// Plays faults in front of a store.
final class FaultyStore: Sendable {
  private let folder: TemporaryFolder
  private let server: TestServer
  var port: Int { server.port }

  init(before port: Int, tls: (certificate: String, key: String)? = nil) throws {
    folder = try TemporaryFolder()
    server = try TestServer(
      "faulty_store.py",
      ["\(port)", folder("plan"), folder("log")] + (tls.map { [$0.certificate, $0.key] } ?? []))
  }

  /// Lines of a method and a fault, in order.
  func plan(_ faults: [String]) throws {
    try Data(faults.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: folder("plan")))
  }

  /// Method, path and fault of each request so far.
  var requests: [String] {
    get throws {
      guard FileManager.default.fileExists(atPath: folder("log")) else { return [] }
      return try String(contentsOfFile: folder("log"), encoding: .utf8)
        .split(separator: "\n").map(String.init)
    }
  }
}

/// A bucket of one test in the shared store.
struct S3Bench: Sendable {
  let port: Int
  let bucket: String
  let credentials: S3Credentials

  init() throws {
    try self.init(at: try MotoServer.shared.get().port, try Self.credentials("test"))
  }

  init(at port: Int, _ credentials: S3Credentials) throws {
    (self.port, self.credentials) = (port, credentials)
    bucket = "backups-\(UUID().uuidString.prefix(8).lowercased())"
    try makeBucket()
  }

  static func credentials(_ secret: String, id: String = "KAFCLAWEXAMPLE") throws -> S3Credentials {
    try S3Credentials(accessKeyID: id, secretKey: SecretValue(copying: Array(secret.utf8)))
  }

  private func makeBucket() throws {
    let client = try S3Client(
      try address(), credentials, certificates: nil, limits: S3Limits(), pause: nil,
      now: { Date() })
    let exchange = client.send(
      SignableRequest(method: "PUT", path: "/\(bucket)", headers: []),
      until: .now() + .seconds(30))
    guard case .answer(let answer) = exchange, answer.status == 200 else {
      throw SetupFailure(what: "make a bucket: \(exchange)")
    }
  }

  func address(_ prefix: String = "host/one", port: Int? = nil) throws -> S3Address {
    try S3Address("s3://\(bucket)/\(prefix)?endpoint=http://127.0.0.1:\(port ?? self.port)")
  }

  /// - Parameter port: Of a ``FaultyStore``; the store itself by default.
  func storage(
    _ prefix: String = "host/one", port: Int? = nil, limits: S3Limits = S3Limits(),
    pause: @escaping @Sendable (Duration) -> Void = { _ in }
  ) throws -> S3Storage {
    try S3Storage(
      try address(prefix, port: port), credentials, limits: limits, pause: pause)
  }
}

/// The code of the error that something throws; `nil` for none.
func failure(_ body: () throws -> Void) -> ApplianceError? {
  do {
    try body()
    return nil
  } catch {
    return ApplianceError.of(error)
  }
}

extension [UInt8] {
  static func random(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }
}
