// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Backup

/// Addresses of stores, and what is refused as one.
struct S3AddressTests {
  struct Case: Sendable {
    let text: String
    let host: String
    let path: String
    var origin: String?
  }

  @Test(arguments: [
    Case(
      text: "s3://backups/host/one?region=eu-central-1",
      host: "backups.s3.eu-central-1.amazonaws.com", path: "/host/one/config"),
    Case(
      text: "s3://backups?region=us-east-1", host: "backups.s3.us-east-1.amazonaws.com",
      path: "/config"),
    Case(
      text: "s3://backups/?region=cn-north-1",
      host: "backups.s3.cn-north-1.amazonaws.com.cn", path: "/config"),
    // A wildcard certificate covers one label.
    Case(
      text: "s3://backups.example.org/a/?region=eu-west-3", host: "s3.eu-west-3.amazonaws.com",
      path: "/backups.example.org/a/config"),
    Case(
      text: "s3://backups/a?endpoint=https://Store.Example.org&region=garage",
      host: "store.example.org", path: "/backups/a/config"),
    Case(
      text: "s3://backups/a?endpoint=https://store.example.org:9000/",
      host: "store.example.org:9000",
      path: "/backups/a/config"),
    Case(
      text: "s3://backups/a?endpoint=https://store.example.org:443", host: "store.example.org",
      path: "/backups/a/config"),
    Case(
      text: "s3://backups/a?endpoint=https://[2001:db8::1]:9000", host: "[2001:db8::1]:9000",
      path: "/backups/a/config"),
    Case(
      text: "s3://backups/a?endpoint=http://127.0.0.1:9000", host: "127.0.0.1:9000",
      path: "/backups/a/config", origin: "http://127.0.0.1:9000"),
    Case(
      text: "s3://backups/a?endpoint=http://[::1]:9000", host: "[::1]:9000",
      path: "/backups/a/config", origin: "http://[::1]:9000"),
    Case(
      text: "s3://backups/a?endpoint=http://localhost", host: "localhost",
      path: "/backups/a/config", origin: "http://localhost"),
  ])
  func reads(_ wanted: Case) throws {
    let address = try S3Address(wanted.text)
    #expect(address.host == wanted.host)
    #expect(address.path(of: address.key(of: "config")) == wanted.path)
    #expect(address.origin == wanted.origin ?? "https://" + wanted.host)
    #expect(try S3Address(address.text) == address)
  }

  @Test(arguments: [
    "", "s3:", "s3://", "s3:///a?region=x", "/srv/backups", "https://backups/a",
    "S3://backups/a?region=x",
    // Neither a region nor an endpoint, and what is none.
    "s3://backups/a", "s3://backups/a?", "s3://backups/a?region=", "s3://backups/a?region=EU",
    "s3://backups/a?region=eu/x", "s3://backups/a?region=x&region=y", "s3://backups/a?region",
    "s3://backups/a?region=x&acl=public", "s3://backups/a?region=x?y",
    // Buckets.
    "s3://ab/a?region=x", "s3://Backups/a?region=x", "s3://back_ups/a?region=x",
    "s3://-backups/a?region=x", "s3://backups-/a?region=x", "s3://back..ups/a?region=x",
    "s3://192.168.5.4/a?region=x", "s3://xn--backups/a?region=x",
    "s3://sthree-backups/a?region=x", "s3://backups-s3alias/a?region=x",
    "s3://backups--ol-s3/a?region=x", "s3://backups--x-s3/a?region=x",
    "s3://b\u{308}ackups/a?region=x",
    // Prefixes.
    "s3://backups//a?region=x", "s3://backups/a//b?region=x", "s3://backups/../a?region=x",
    "s3://backups/./a?region=x", "s3://backups/a b?region=x", "s3://backups/a%20b?region=x",
    "s3://backups/\u{e4}?region=x", "s3://backups/a\r\nhost:x?region=x",
    "s3://backups/a#b?region=x",
    // Endpoints.
    "s3://backups/a?endpoint=store.example.org", "s3://backups/a?endpoint=http://store.example.org",
    "s3://backups/a?endpoint=http://10.0.0.1", "s3://backups/a?endpoint=http://128.0.0.1",
    "s3://backups/a?endpoint=http://127.0.0.1.example.org", "s3://backups/a?endpoint=http://127.1",
    "s3://backups/a?endpoint=http://localhost.example.org",
    "s3://backups/a?endpoint=http://[::2]:9000", "s3://backups/a?endpoint=ftp://localhost",
    "s3://backups/a?endpoint=https://", "s3://backups/a?endpoint=https://:9000",
    "s3://backups/a?endpoint=https://store:", "s3://backups/a?endpoint=https://store:0",
    "s3://backups/a?endpoint=https://store:65536", "s3://backups/a?endpoint=https://store:+90",
    "s3://backups/a?endpoint=https://store/path", "s3://backups/a?endpoint=https://[::1",
    "s3://backups/a?endpoint=https://[::1]9000", "s3://backups/a?endpoint=https://[store]",
    "s3://backups/a?endpoint=https://st ore", "s3://backups/a?endpoint=https://-store",
    "s3://backups/a?endpoint=https://store..org", "s3://backups/a?endpoint=https://store%41",
  ])
  func refuses(_ text: String) {
    let error = failure { _ = try S3Address(text) }
    #expect(error?.code == .malformed)
    #expect(error?.hint != nil)
  }

  @Test("long names and prefixes are refused")
  func lengths() throws {
    let long = String(repeating: "a", count: 63)
    #expect(throws: Never.self) { try S3Address("s3://\(long)/a?region=x") }
    #expect(throws: ApplianceError.self) { try S3Address("s3://\(long)a/a?region=x") }
    let prefix = String(repeating: "a", count: 512)
    #expect(throws: Never.self) { try S3Address("s3://backups/\(prefix)?region=x") }
    #expect(throws: ApplianceError.self) { try S3Address("s3://backups/\(prefix)a?region=x") }
  }

  @Test(
    "credentials that stand in an address are not repeated",
    arguments: [
      "s3://KEYID:SWORDFISH@backups/a?region=x",
      "s3://backups/a?endpoint=https://KEYID:SWORDFISH@store&region=x",
      "s3://backups/a?region=x&secret=SWORDFISH",
    ])
  func credentials(_ text: String) {
    let error = failure { _ = try S3Address(text) }
    #expect(error?.code == .malformed)
    #expect(error.map { !$0.description.contains("SWORDFISH") } == true)
  }

  @Test("no text ends the process")
  func anyText() {
    let seed = SplitMix64.seed(of: "S3 addresses")
    var random = SplitMix64(seed: seed)
    let parts = [
      "s3://", "backups", "/", "?", "endpoint=", "region=", "&", "https://", "http://", "[", "]",
      ":", "::1", "127.0.0.1", "localhost", "9000", "@", "%", "x", ".", "-", "\u{301}", "\0",
    ]
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...14, using: &random)
      let text = (0..<count).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }
        .joined()
      // `try?`: whether it is one is not the question here.
      guard let address = try? S3Address(text) else { continue }
      #expect((try? S3Address(address.text)) == address, "seed \(seed): \(text)")  // nil fails it
    }
  }

  @Test("credentials cannot be printed, nor end a header")
  func printing() throws {
    let credentials = try S3Bench.credentials("SWORDFISH", id: "KEYID")
    var dumped = ""
    dump(credentials, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped] {
      #expect(!text.contains("SWORDFISH") && !text.contains("KEYID"))
    }
    for id in ["", "a b", "a\r\nhost: x", "a/b", "a,b", "\u{e4}"] {
      #expect(throws: ApplianceError.self) { try S3Bench.credentials("x", id: id) }
    }
    #expect(throws: ApplianceError.self) { try S3Bench.credentials("") }
  }
}
