// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Backup

/// The examples of the S3 API Reference, "Signature Calculations for the Authorization Header:
/// Transferring Payload in a Single Chunk", and those of "Create a signed AWS API request".
struct RequestSignatureTests {
  private static let host = ("host", "examplebucket.s3.amazonaws.com")
  private static let time = Date(timeIntervalSince1970: 1_369_353_600)

  struct Example: Sendable, CustomTestStringConvertible {
    let name: String
    let request: SignableRequest
    let hashOfCanonicalRequest: String
    let signedHeaders: String
    let signature: String

    var testDescription: String { name }
  }

  private static let examples = [
    Example(
      name: "GET object",
      request: SignableRequest(
        method: "GET", path: "/test.txt", headers: [host, ("range", "bytes=0-9")]),
      hashOfCanonicalRequest: "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
      signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    Example(
      name: "PUT object",
      request: SignableRequest(
        method: "PUT", path: "/test$file.text",
        headers: [
          host, ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
          ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
        ], payload: RequestSignature.hash(Array("Welcome to Amazon S3.".utf8))),
      hashOfCanonicalRequest: "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
      signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    Example(
      name: "GET bucket lifecycle",
      request: SignableRequest(
        method: "GET", path: "/", query: [("lifecycle", "")], headers: [host]),
      hashOfCanonicalRequest: "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
      signedHeaders: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    Example(
      name: "GET bucket (list objects)",
      request: SignableRequest(
        method: "GET", path: "/", query: [("prefix", "J"), ("max-keys", "2")], headers: [host]),
      hashOfCanonicalRequest: "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
      signedHeaders: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]

  private func credentials(token: String? = nil) throws -> S3Credentials {
    try S3Credentials(
      accessKeyID: "AKIAIOSFODNN7EXAMPLE",
      secretKey: SecretValue(copying: Array("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".utf8)),
      sessionToken: token.map { SecretValue(copying: Array($0.utf8)) })
  }

  @Test(arguments: examples)
  func published(_ example: Example) throws {
    let headers = RequestSignature.headers(
      of: example.request, credentials: try credentials(), region: "us-east-1", at: Self.time)
    var signed = example.request
    signed.headers = headers.filter { $0.name != "authorization" }
    let canonical = RequestSignature.canonicalRequest(signed)
    #expect(
      Hexadecimal.encode(RequestSignature.hash(Array(canonical.utf8)))
        == example.hashOfCanonicalRequest)
    #expect(
      RequestSignature.stringToSign(canonical, region: "us-east-1", at: Self.time)
        == "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
        + example.hashOfCanonicalRequest)
    let authorization = headers.last { $0.name == "authorization" }?.value
    #expect(
      authorization == "AWS4-HMAC-SHA256 "
        + "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        + "SignedHeaders=\(example.signedHeaders),Signature=\(example.signature)")
  }

  @Test("a listing, and an object of temporary credentials, as botocore 1.43.11 signs them")
  func ofAnotherClient() throws {
    let other = ("host", "store.example.org:9000")
    let listing = SignableRequest(
      method: "GET", path: "/backups/",
      query: [
        ("list-type", "2"), ("encoding-type", "url"), ("prefix", "host/one/packs/"),
        ("continuation-token", "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="),
      ], headers: [other])
    let object = SignableRequest(
      method: "PUT", path: "/backups/host/one/packs/ab/x",
      headers: [
        other, ("content-type", "application/octet-stream"), ("if-none-match", "*"),
        ("x-amz-checksum-sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
      ], payload: RequestSignature.hash(Array("abc".utf8)))
    #expect(
      try signature(listing, token: nil)
        == "af348a45153c40cedb36e304ab40496cb4c505baeeab1a3e856ce914e17e14f5")
    #expect(
      try signature(object, token: "AQoDYXdzEPT//wEXAMPLE")
        == "19d611851aec42cd029377d1dfd12ea5daf078dff460366816737ff72e3b30bf")
  }

  private func signature(_ request: SignableRequest, token: String?) throws -> String {
    let headers = RequestSignature.headers(
      of: request, credentials: try credentials(token: token), region: "us-east-1", at: Self.time)
    return String(headers.last?.value.suffix(64) ?? "")
  }

  @Test("the canonical request of the example with a range, letter for letter")
  func canonicalRequest() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    var request = Self.examples[0].request
    request.headers += [("x-amz-content-sha256", empty), ("x-amz-date", "20130524T000000Z")]
    #expect(
      RequestSignature.canonicalRequest(request) == """
        GET
        /test.txt

        host:examplebucket.s3.amazonaws.com
        range:bytes=0-9
        x-amz-content-sha256:\(empty)
        x-amz-date:20130524T000000Z

        host;range;x-amz-content-sha256;x-amz-date
        \(empty)
        """)
  }

  @Test("the token of temporary credentials is sent and signed")
  func sessionToken() throws {
    let headers = RequestSignature.headers(
      of: Self.examples[0].request, credentials: try credentials(token: "AQoDYXdzEPT//example"),
      region: "us-east-1", at: Self.time)
    #expect(headers.contains { $0 == ("x-amz-security-token", "AQoDYXdzEPT//example") })
    let authorization = headers.last?.value ?? ""
    #expect(
      authorization.contains(
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token,"))
  }

  @Test("queries are signed in the order of their encoded names")
  func queries() {
    #expect(
      RequestSignature.canonicalQuery([("b", "2"), ("a", "x=y&z"), ("b", "1"), ("B", "")])
        == "B=&a=x%3Dy%26z&b=1&b=2")
  }

  @Test("values are signed with single spaces, names in lower case")
  func headerForm() {
    let request = SignableRequest(
      method: "GET", path: "/", headers: [("My-Header", "  a   b  c "), ("HOST", "x")])
    #expect(
      RequestSignature.canonicalRequest(request).contains("host:x\nmy-header:a b c\n\nhost;my-"))
  }
}
