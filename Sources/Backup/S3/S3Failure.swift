// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import NIOSSL

/// What answers and errors of a store mean.
enum S3Failure {
  private static let passingStatuses: Set<Int> = [429, 500, 502, 503, 504]

  /// Whether another try may help (S3 API Reference, "Amazon S3 error best practices", and of
  /// "RequestTimeout": the store waited for the body in vain).
  static func isPassing(_ answer: S3Answer) -> Bool {
    passingStatuses.contains(answer.status)
      || (answer.status == 400 && answer.errorCode == "RequestTimeout")
  }

  static func reason(_ answer: S3Answer) -> String {
    answer.errorCode.map { "\($0) (status \(answer.status))" } ?? "status \(answer.status)"
  }

  /// The texts of network errors may quote headers, so only their kind is told.
  static func reason(_ error: any Error) -> String {
    switch error {
    case let error as HTTPClientError:
      "no connection, or it broke: \(error.shortDescription)"
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      "no connection: TLS does not trust the other side"
    default: "no connection, or it broke: \(type(of: error))"
    }
  }

  /// The error of an answer that says no.
  ///
  /// - Parameter action: What was tried: `store "packs/ab/x"`.
  static func refusal(
    _ answer: S3Answer, _ action: String, _ address: S3Address
  ) -> ApplianceError {
    ApplianceError(
      .backupStorage,
      "cannot \(action) in bucket \"\(address.bucket)\" at \(address.host): \(reason(answer))",
      hint: hint(answer, address))
  }

  /// The error of an answer that nobody can make sense of.
  static func nonsense(_ action: String, _ address: S3Address, _ what: String) -> ApplianceError {
    ApplianceError(
      .backupStorage,
      "cannot \(action) in bucket \"\(address.bucket)\" at \(address.host): \(what)",
      hint: "look whether \(address.host) is an S3-compatible store")
  }

  private static func hint(_ answer: S3Answer, _ address: S3Address) -> String {
    switch answer.errorCode {
    case "NoSuchBucket": return "create the bucket, or correct the address \(address.text)"
    case "RequestTimeTooSkewed", "RequestExpired": return "set the clock of this host"
    case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken":
      return "look whether the access key and its secret are those of this store, and still valid"
    case "AccessDenied": return "allow the access key to list, read, write and delete there"
    default: break
    }
    if let region = answer.header("x-amz-bucket-region"), region != address.region {
      return "the bucket is in region \(VisibleText.escape(String(region.prefix(64))))"
    }
    switch answer.status {
    case 301, 302, 307, 308: return "redirects are not followed: correct region and endpoint"
    case 401, 403: return "allow the access key to list, read, write and delete there"
    case 404: return "look whether bucket and endpoint are right: \(address.text)"
    default: return "look what the store says about \(reason(answer))"
    }
  }
}
