// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Backup

/// Repositories in a store that speaks S3, over the network.
@Suite(.enabled(if: MotoServer.isInstalled), .timeLimit(.minutes(5)))
struct S3StorageTests {
  @Test("a store that verifies signatures takes all requests, and no others")
  func signatures() throws {
    // Three requests make a user and a key before anything is verified, and one the bucket.
    let server = try MotoServer(openActions: 4)
    let id = "&UserName=backups&Version=2010-05-08"
    _ = try IdentityRequest.send("Action=CreateUser" + id, server.port)
    let key = try IdentityRequest.send("Action=CreateAccessKey" + id, server.port)
      .children.first?.children.first
    let policy =
      "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow"
      + "%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"
    _ = try IdentityRequest.send(
      "Action=PutUserPolicy&PolicyName=all&PolicyDocument=\(policy)" + id, server.port)
    let (name, secret) = (
      try #require(key?.text(of: "AccessKeyId")), try #require(key?.text(of: "SecretAccessKey"))
    )
    let bench = try S3Bench(at: server.port, try S3Bench.credentials(secret, id: name))
    // The simulated store decodes queries before it verifies them, so a prefix has no slash here.
    let storage = try bench.storage("")
    try storage.prepare()
    for number in 0..<10 { try storage.add("packs/a-b/\(number)", [1, 2, 3]) }
    #expect(try storage.read("packs/a-b/1", limit: 3) == [1, 2, 3])
    #expect(try storage.read("packs/a-b/1", 1..<2) == [2])
    #expect(try storage.file("packs/a-b/1")?.size == 3)
    #expect(try storage.file("packs/a-b/x") == nil)
    // More than one page: the token of the next one is signed too.
    #expect(try storage.files(in: "").count == 10)
    try storage.remove("packs/a-b/1")

    let wrong = try S3Storage(
      try bench.address(), try S3Bench.credentials("SWORDFISH", id: name), pause: { _ in })
    let error = failure { _ = try wrong.read("config", limit: 1) }
    #expect(error?.code == .backupStorage)
    #expect(error?.message.contains("SignatureDoesNotMatch") == true)
    #expect(error?.message.contains(bench.bucket) == true)
    #expect(error?.message.contains("read \"config\"") == true)
    #expect(error?.hint != nil)
    for part in [name, secret, "SWORDFISH"] {
      #expect(error?.description.contains(part) == false)
    }
    // What may not be seen is not absent.
    #expect(failure { _ = try wrong.file("config") }?.code == .backupStorage)
    #expect(failure { try wrong.prepare() }?.code == .backupStorage)
  }

  @Test("a listing of many pages is whole, and of one folder")
  func pages() throws {
    let storage = try S3Bench().storage()
    let names = (0..<5 * MotoServer.pageSize).map { "packs/\($0 % 10)/\($0)" }
    for name in names { try storage.add(name, [0]) }
    #expect(try storage.files(in: "packs").map(\.name) == names.sorted())
    #expect(try storage.files(in: "").map(\.name) == names.sorted())
    #expect(try storage.files(in: "pack").isEmpty)
  }

  @Test("a repository may be the whole bucket, or beside others")
  func prefixes() throws {
    let bench = try S3Bench()
    let (one, other) = (try bench.storage("host/one"), try bench.storage("host/one-more"))
    try one.prepare()
    try one.add("config", [1])
    // A name that begins the same is another one.
    try other.prepare()
    try other.add("config", [2])
    #expect(try one.files(in: "").map(\.name) == ["config"])
    #expect(failure { try bench.storage("host").prepare() }?.code == .backupRepository)
    #expect(failure { try bench.storage("").prepare() }?.code == .backupRepository)
    let whole = try S3Bench().storage("")
    try whole.prepare()
    try whole.add("packs/x", [3])
    #expect(try whole.files(in: "packs").map(\.name) == ["packs/x"])
    #expect(try whole.files(in: "").map(\.name) == ["packs/x"])
  }

  @Test("preparing leaves nothing, and gets along with what it left once")
  func preparation() throws {
    let bench = try S3Bench()
    let proxy = try FaultyStore(before: bench.port)
    let storage = try bench.storage(port: proxy.port)
    try storage.prepare()
    #expect(try bench.storage("").files(in: "").isEmpty)
    // Keys that may add and not remove are those that somebody who breaks in should find.
    try proxy.plan(["DELETE 403"])
    try storage.prepare()
    #expect(try bench.storage("host").files(in: "").map(\.name) == ["one/probe"])
    try storage.prepare()
    #expect(try bench.storage("").files(in: "").isEmpty)
  }

  @Test("a store without conditional writes is refused")
  func unconditional() throws {
    let bench = try S3Bench()
    let proxy = try FaultyStore(before: bench.port)
    try proxy.plan(["PUT unconditional", "PUT unconditional"])
    let error = failure { try bench.storage(port: proxy.port).prepare() }
    #expect(error?.code == .backupStorage)
    #expect(error?.hint?.contains("If-None-Match") == true)
    #expect(try bench.storage("").files(in: "").isEmpty)
  }

  @Test("without its bucket nothing is absent")
  func noBucket() throws {
    let bench = try S3Bench()
    let address = try S3Address(
      "s3://no-such-bucket/a?endpoint=http://127.0.0.1:\(bench.port)")
    let storage = try S3Storage(address, bench.credentials, pause: { _ in })
    let calls: [() throws -> Void] = [
      { try storage.prepare() }, { try storage.add("config", [1]) },
      { _ = try storage.read("config", limit: 1) }, { _ = try storage.read("config", 0..<1) },
      { _ = try storage.file("config") }, { _ = try storage.files(in: "packs") },
      { try storage.remove("config") },
    ]
    for (number, call) in calls.enumerated() {
      let error = failure(call)
      #expect(error?.code == .backupStorage, "call \(number)")
      #expect(error?.message.contains("NoSuchBucket") == true, "call \(number)")
    }
  }

  @Test("the system decides whom to trust, unless somebody else is named")
  func certificates() throws {
    let bench = try S3Bench()
    let folder = try TemporaryFolder()
    let authority = try TestAuthority(in: folder.path)
    let other = try TestAuthority("other", in: folder.path)
    let proxy = try FaultyStore(before: bench.port, tls: try authority.issue(for: "localhost"))
    func storage(_ host: String, _ certificates: String?) throws -> S3Storage {
      try S3Storage(
        try S3Address("s3://\(bench.bucket)/a?endpoint=https://\(host):\(proxy.port)"),
        bench.credentials, certificates: certificates, pause: { _ in })
    }
    let trusted = try storage("localhost", authority.certificate)
    try trusted.prepare()
    try trusted.add("config", [1])
    #expect(try trusted.read("config", limit: 1) == [1])
    let count = try proxy.requests.count
    for (host, certificates) in [
      ("localhost", nil), ("localhost", other.certificate), ("127.0.0.1", authority.certificate),
    ] {
      let error = failure { _ = try storage(host, certificates).read("config", limit: 1) }
      #expect(error?.code == .backupStorage)
      #expect(error?.message.contains("TLS") == true, "\(error?.message ?? "")")
    }
    #expect(try proxy.requests.count == count)
    for file in ["absent.pem", "log"] {
      try Data("no certificate".utf8).write(to: URL(filePath: folder("log")))
      #expect(failure { _ = try storage("localhost", folder(file)) }?.code == .backupStorage)
    }
  }

  @Test("a storage that was shut down says so, and one that was not ends by itself")
  func shutdown() throws {
    let bench = try S3Bench()
    let storage = try bench.storage()
    try storage.add("config", [1])
    try storage.shutdown()
    try storage.shutdown()
    #expect(failure { _ = try storage.read("config", limit: 1) }?.code == .backupStorage)
    for _ in 0..<20 { #expect(try bench.storage().file("config") != nil) }
  }

  @Test("where nobody listens it is tried five times, with pauses that grow")
  func nobody() throws {
    let pauses = Mutex<[Duration]>([])
    // No service is on this port.
    let storage = try S3Bench().storage(port: 1) { pause in pauses.withLock { $0.append(pause) } }
    let error = failure { _ = try storage.file("config") }
    #expect(error?.code == .backupStorage)
    #expect(error?.message.contains("127.0.0.1:1") == true)
    let waited = pauses.withLock { $0 }
    #expect(waited.count == 4)
    for (number, pause) in waited.enumerated() {
      #expect((.zero ... .milliseconds(250 << number)).contains(pause))
    }
  }

  @Test("the pauses are waited for")
  func pauses() throws {
    let bench = try S3Bench()
    let storage = try S3Storage(bench.address(port: 1), bench.credentials)
    let start = ContinuousClock.now
    #expect(failure { _ = try storage.file("config") }?.code == .backupStorage)
    #expect(ContinuousClock.now - start >= .milliseconds(1))
  }
}

/// A request to the simulated identity service, before that verifies anything.
private enum IdentityRequest {
  static func send(_ body: String, _ port: Int) throws -> XMLElement {
    let scope = "Credential=x/20130524/us-east-1/iam/aws4_request"
    let text = try Tool.run(
      "curl",
      [
        "-s", "-d", body, "-H",
        "Authorization: AWS4-HMAC-SHA256 \(scope), SignedHeaders=host, Signature=x",
        "http://127.0.0.1:\(port)/",
      ], in: "/")
    guard let document = XMLReader.document(Array(text.utf8)) else {
      throw SetupFailure(what: "make a user: \(text)")
    }
    return document
  }
}
