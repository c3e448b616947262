// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Crypto
import FoundationEssentials

/// A request as it is signed and sent.
struct SignableRequest: Sendable {
  let method: String
  /// Not encoded; begins with a slash.
  let path: String
  /// Not encoded.
  var query: [(name: String, value: String)] = []
  /// Each name once; what the signature adds is not among them.
  var headers: [(name: String, value: String)]
  /// SHA-256 of the body.
  var payload: [UInt8] = RequestSignature.hash([])

  /// Path and query, encoded, as they are signed and as they are sent.
  var target: String {
    let query = RequestSignature.canonicalQuery(query)
    return PercentText.encode(path, keepingSlashes: true)
      + (query.isEmpty ? "" : "?" + query)
  }
}

/// AWS Signature Version 4 of requests to S3 whose body is signed as a whole (S3 API Reference,
/// "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk").
///
/// S3 encodes paths once and does not normalise them, unlike other services.
enum RequestSignature {
  private static let algorithm = "AWS4-HMAC-SHA256"
  private static let service = "s3"

  /// The headers of a request, with those that say who sends it. Each of them is signed.
  static func headers(
    of request: SignableRequest, credentials: S3Credentials, region: String, at time: Date
  ) -> [(name: String, value: String)] {
    var request = request
    request.headers += [
      ("x-amz-content-sha256", Hexadecimal.encode(request.payload)), ("x-amz-date", stamp(time)),
    ]
    if let token = credentials.sessionToken {
      let text = token.withBytes { String(decoding: $0, as: UTF8.self) }
      request.headers.append(("x-amz-security-token", text))
    }
    let signature = signature(
      of: stringToSign(canonicalRequest(request), region: region, at: time),
      secretKey: credentials.secretKey, region: region, at: time)
    let credential = "\(credentials.accessKeyID)/\(scope(region, time))"
    let authorization =
      "\(algorithm) Credential=\(credential),SignedHeaders=\(signedHeaders(request)),"
      + "Signature=\(signature)"
    return request.headers + [("authorization", authorization)]
  }

  /// "Task 1: Create a Canonical Request".
  static func canonicalRequest(_ request: SignableRequest) -> String {
    let headers = canonicalHeaders(request).map { "\($0.name):\($0.value)\n" }.joined()
    return [
      request.method, PercentText.encode(request.path, keepingSlashes: true),
      canonicalQuery(request.query),
      headers, signedHeaders(request), Hexadecimal.encode(request.payload),
    ].joined(separator: "\n")
  }

  /// "Task 2: Create a String to Sign".
  static func stringToSign(
    _ canonicalRequest: String, region: String, at time: Date
  ) -> String {
    [
      algorithm, stamp(time), scope(region, time),
      Hexadecimal.encode(hash(Array(canonicalRequest.utf8))),
    ].joined(separator: "\n")
  }

  /// "Task 3: Calculate Signature". Hexadecimal digits.
  static func signature(
    of text: String, secretKey: SecretValue, region: String, at time: Date
  ) -> String {
    let label = Array("AWS4".utf8)
    let first = SecretValue(count: label.count + secretKey.count) { target in
      target.copyBytes(from: label)
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[label.count...])
      secretKey.withBytes { rest.copyMemory(from: $0) }
    }
    var key = first.withBytes { SymmetricKey(data: $0) }
    for part in [String(stamp(time).prefix(8)), region, service, "aws4_request"] {
      key = SymmetricKey(data: authenticate(part, key))
    }
    return Hexadecimal.encode(authenticate(text, key))
  }

  private static func authenticate(
    _ text: String, _ key: SymmetricKey
  ) -> HMAC<SHA256>.MAC {
    HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
  }

  static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  /// Names and values encoded, in the order of the encoded names.
  static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
    query.map { (PercentText.encode($0.name), PercentText.encode($0.value)) }
      .sorted { $0 < $1 }
      .map { "\($0)=\($1)" }.joined(separator: "&")
  }

  /// Names in lower case and in order; values without white space at their ends, and with single
  /// spaces inside.
  private static func canonicalHeaders(
    _ request: SignableRequest
  ) -> [(name: String, value: String)] {
    request.headers
      .map { header in
        (header.name.lowercased(), header.value.split(separator: " ").joined(separator: " "))
      }
      .sorted { $0.0 < $1.0 }
      .map { (name: $0.0, value: $0.1) }
  }

  private static func signedHeaders(_ request: SignableRequest) -> String {
    canonicalHeaders(request).map(\.name).joined(separator: ";")
  }

  private static func scope(_ region: String, _ time: Date) -> String {
    "\(stamp(time).prefix(8))/\(region)/\(service)/aws4_request"
  }

  /// `20130524T000000Z`.
  private static func stamp(_ time: Date) -> String {
    time.formatted(
      Date.ISO8601FormatStyle(
        dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted,
        timeZoneSeparator: .omitted, includingFractionalSeconds: false, timeZone: .gmt))
  }
}
