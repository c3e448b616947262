// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Where a repository lies in an S3-compatible store:
/// `s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION`.
///
/// Without an endpoint it is Amazon's of the region. Holds no credentials.
public struct S3Address: Sendable, Equatable {
  /// By the rules of ``BucketName``.
  public let bucket: String
  /// What the keys of all objects begin with, without slashes at its ends; empty for the whole
  /// bucket. ASCII letters, digits, and `-_.` between slashes.
  public let prefix: String
  /// Part of every signature. With an endpoint `us-east-1` by default, as private stores have it.
  public let region: String
  /// Of another store than Amazon's.
  public let endpoint: S3Endpoint?

  /// - Throws: `model.malformed`, with the part that is wrong. An address that seems to hold
  ///   credentials is not quoted.
  public init(_ text: String) throws {
    guard !text.utf8.contains(UInt8(ascii: "@")) else {
      throw Self.malformed(
        "an address of a store has no \"@\"", "credentials do not belong into the address")
    }
    guard text.hasPrefix("s3://") else {
      throw Self.malformed("\"\(VisibleText.escape(text))\" does not begin with s3://")
    }
    let (place, query) = Self.cut(text.dropFirst("s3://".count), "?")
    let (bucket, prefix) = Self.cut(place, "/")
    let settings = try Self.settings(query ?? "")
    if let problem = BucketName.problem(bucket) {
      throw Self.malformed("\"\(VisibleText.escape(String(bucket)))\" is no bucket: \(problem)")
    }
    endpoint = try settings["endpoint"].map { try S3Endpoint($0) }
    guard let region = settings["region"] ?? (endpoint == nil ? nil : "us-east-1") else {
      throw Self.malformed(
        "the address of bucket \"\(bucket)\" names neither a region nor an endpoint",
        "add ?region=REGION for Amazon's S3, or ?endpoint=https://HOST for another store")
    }
    guard Self.isRegion(region) else {
      throw Self.malformed("\"\(VisibleText.escape(region))\" is no region")
    }
    (self.bucket, self.region) = (String(bucket), region)
    self.prefix = try Self.prefix(String(prefix ?? ""))
  }

  /// The address as ``init(_:)`` reads it.
  public var text: String {
    let place = prefix.isEmpty ? bucket : bucket + "/" + prefix
    let endpoint = endpoint.map { "endpoint=\($0.text)&" } ?? ""
    return "s3://\(place)?\(endpoint)region=\(region)"
  }

  private static func cut(
    _ text: Substring, _ separator: Character
  ) -> (Substring, rest: Substring?) {
    guard let place = text.firstIndex(of: separator) else { return (text, nil) }
    return (text[..<place], text[text.index(after: place)...])
  }

  /// The values of the query; none may come twice.
  private static func settings(_ query: Substring) throws -> [String: String] {
    var settings: [String: String] = [:]
    for setting in query.split(separator: "&", omittingEmptySubsequences: true) {
      let (name, value) = cut(setting, "=")
      guard ["endpoint", "region"].contains(name), let value, settings[String(name)] == nil else {
        // Without the value, which may be a secret that stands in the wrong place.
        throw malformed(
          "the address has an unknown, repeated or empty setting "
            + "\"\(VisibleText.escape(String(name)))\"", "there are endpoint and region")
      }
      settings[String(name)] = String(value)
    }
    return settings
  }

  /// Half of the longest key (S3 User Guide, "Naming Amazon S3 objects": 1 024 bytes).
  private static let prefixLimit = 512

  private static func prefix(_ text: String) throws -> String {
    let path = text.hasSuffix("/") ? String(text.dropLast()) : text
    guard !path.isEmpty else { return "" }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      part.utf8.allSatisfy(isPlainByte) && !["", ".", ".."].contains(part)
    }
    guard isPlain, path.utf8.count <= prefixLimit else {
      throw malformed(
        "\"\(VisibleText.escape(text))\" cannot be what keys begin with",
        "use ASCII letters, digits, -, _ and . between single slashes, at most \(prefixLimit)")
    }
    return path
  }

  private static func isRegion(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isPlainByte(_ byte: UInt8) -> Bool {
    isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || "-_.".utf8.contains(byte)
  }

  static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  static func malformed(_ message: String, _ hint: String? = nil) -> ApplianceError {
    ApplianceError(
      .malformed, message,
      hint: hint ?? "s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION")
  }
}

extension S3Address {
  /// Whether the bucket is the first part of the path instead of the host: at every endpoint of its
  /// own, and for names with dots, which no wildcard certificate covers (S3 User Guide, "Virtual
  /// hosting of general purpose buckets").
  private var isPathStyle: Bool { endpoint != nil || bucket.contains(".") }

  /// As it stands in the header `host`, and is signed.
  var host: String {
    if let endpoint { return endpoint.authority }
    let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    return (isPathStyle ? "" : bucket + ".") + "s3.\(region).\(suffix)"
  }

  var origin: String { endpoint?.text ?? "https://" + host }

  /// - Parameter key: Empty for the bucket itself.
  func path(of key: String) -> String { isPathStyle ? "/\(bucket)/\(key)" : "/\(key)" }

  /// - Parameter name: In the repository.
  func key(of name: String) -> String { prefix.isEmpty ? name : prefix + "/" + name }
}
