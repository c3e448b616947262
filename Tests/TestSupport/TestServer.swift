// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// One of the scripts in `Servers`, on a free port of the loopback; ends with this object.
public final class TestServer: Sendable {
  public let port: Int
  private let process: Process
  /// The script ends when this does.
  private let input: Pipe

  public init(_ script: String, _ arguments: [String]) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Servers")
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-B", folder.appending(path: script).path] + arguments
    input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line = Data()
    while line.last != 0x0A {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
        throw Failure(what: "\(script) did not say its port")
      }
      line.append(byte)
    }
    guard let port = Int(String(decoding: line.dropLast(), as: UTF8.self)) else {
      throw Failure(what: "\(script) did not say its port")
    }
    self.port = port
  }

  /// A server of a test did not start.
  public struct Failure: Error { let what: String }

  /// Not by a signal that the process may have been started without.
  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}

/// A program of the system that a test wants.
public enum Tool {
  public static func path(_ name: String) -> String? {
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let folders = search.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
    return folders.map { $0 + "/" + name }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  /// Runs a program to its end; gives what it wrote.
  @discardableResult
  public static func run(_ name: String, _ arguments: [String], in folder: String) throws -> String
  {
    guard let path = path(name) else { throw TestServer.Failure(what: "there is no \(name)") }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw TestServer.Failure(what: "\(name) \(arguments) ended with \(process.terminationStatus)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A certificate authority of one test.
public struct TestAuthority {
  /// What clients trust. PEM.
  public let certificate: String
  private let folder: String
  private let name: String

  public init(_ name: String = "authority", in folder: String) throws {
    (self.folder, self.name) = (folder, name)
    certificate = "\(folder)/\(name).pem"
    try Tool.run(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", "2", "-subj", "/CN=\(name)", "-keyout", "\(folder)/\(name).key"]
        + ["-out", certificate], in: folder)
  }

  /// A certificate for a host, and its key.
  public func issue(for host: String) throws -> (certificate: String, key: String) {
    let base = "\(folder)/\(host)"
    let (key, request, made) = ("\(base).key", "\(base).csr", "\(base).pem")
    let extensions = "\(base).ext"
    try Data("subjectAltName=DNS:\(host)\n".utf8).write(to: URL(filePath: extensions))
    try Tool.run(
      "openssl",
      ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-subj", "/CN=\(host)", "-keyout", key, "-out", request], in: folder)
    try Tool.run(
      "openssl",
      ["x509", "-req", "-in", request, "-CA", certificate, "-CAkey", "\(folder)/\(name).key"]
        + ["-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", made], in: folder)
    return (made, key)
  }
}
