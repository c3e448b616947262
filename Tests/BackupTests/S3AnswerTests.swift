// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Backup

/// What stores answer is read, and nothing else.
struct S3AnswerTests {
  /// As in the S3 API Reference, "ListObjectsV2".
  private static let listing = """
    <?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
      <Name>backups</Name>
      <Prefix>host%2Fone/</Prefix>
      <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
      <KeyCount>2</KeyCount>
      <MaxKeys>2</MaxKeys>
      <EncodingType>url</EncodingType>
      <IsTruncated>true</IsTruncated>
      <Contents>
        <Key>host%2Fone/packs/ab/x</Key>
        <LastModified>2009-10-12T17:50:30.500Z</LastModified>
        <ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag>
        <Size>434234</Size>
        <StorageClass>STANDARD</StorageClass>
      </Contents>
      <Contents><Key>host/one/a+b%2Bc</Key><LastModified>2009-10-12T17:50:30Z</LastModified>
        <Size>0</Size><Owner/></Contents>
    </ListBucketResult>
    """

  private func read(_ text: String) -> S3Listing? {
    S3Listing(Array(text.utf8), below: "host/one/")
  }

  @Test("a listing")
  func published() throws {
    let listing = try #require(read(Self.listing))
    let time = Date(timeIntervalSince1970: 1_255_369_830)
    #expect(
      listing.files == [
        StoredFile(name: "packs/ab/x", size: 434_234, time: time + 0.5),
        StoredFile(name: "a b+c", size: 0, time: time),
      ])
    #expect(listing.continuation == "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=")
    let last = Self.listing.replacing(">true<", with: ">false<")
    #expect(try #require(read(last)).continuation == nil)
  }

  @Test(
    "a listing that is not whole, or not of that prefix, is none",
    arguments: [
      ("ListBucketResult", "ListAllMyBuckets"), ("<Size>0</Size>", ""), ("434234", "-1"),
      ("434234", "99999999999999999999"), ("434234", "4.5"),
      ("host%2Fone/packs", "host%2Ftwo/packs"),
      ("%2Bc", "%2"), ("%2Bc", "%+1"), ("%2Bc", "%FF"), (">true<", ">maybe<"),
      ("<IsTruncated>true</IsTruncated>", ""), ("NextContinuationToken", "NoContinuationToken"),
      ("2009-10-12T17:50:30.500Z", "yesterday"),
      ("2009-10-12T17:50:30.500Z", "2009-10-12T17:50:30"),
      ("2009-10-12T17:50:30.500Z", "2009-13-12T17:50:30Z"), ("</ListBucketResult>", ""),
      ("</Name>", "</Nam>"), ("<Name>", "<Name a=b>"), ("<Name>", "<Name a=\"b\"c=\"d\">"),
      ("&quot;", "&secret;"), ("&quot;", "&#0;"), ("&quot;", "&#xD800;"), ("&quot;", "&#x110000;"),
      ("&quot;", "& "), ("backups", "back\u{1}ups"), ("<KeyCount>", "<!DOCTYPE a><KeyCount>"),
      ("<KeyCount>", "<![CDATA[x]]><KeyCount>"), ("<KeyCount>", "<?php ?><KeyCount>"),
      ("</ListBucketResult>", "</ListBucketResult><a/>"),
      ("</ListBucketResult>", "</ListBucketResult>x"),
    ])
  func refused(_ part: String, _ other: String) {
    #expect(Self.listing.contains(part))
    #expect(read(Self.listing.replacing(part, with: other)) == nil)
  }

  @Test("deep and wide documents are left unread")
  func bounds() {
    let deep = String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9)
    #expect(XMLReader.document(Array(deep.utf8)) == nil)
    let wide = "<a>" + String(repeating: "<b/>", count: 100_000) + "</a>"
    #expect(XMLReader.document(Array(wide.utf8)) == nil)
    #expect(XMLReader.document(Array("<a>\u{FFFD}".utf8) + [0xFF] + Array("</a>".utf8)) == nil)
  }

  @Test("entities, comments and references are read")
  func text() {
    let head = "\u{FEFF}<?xml version='1.0'?> <!-- <b> -->"
    let text = head + "<a x = '>'>1 &lt;&#65;&#x42;&amp;lt;</a >\n"
    #expect(XMLReader.document(Array(text.utf8))?.text == "1 <AB&lt;")
  }

  @Test("no answer ends the process, and a changed one is no other listing of the same files")
  func anyBytes() {
    let seed = SplitMix64.seed(of: "S3 answers")
    var random = SplitMix64(seed: seed)
    let bytes = Array(Self.listing.utf8)
    for _ in 0..<5_000 {
      var changed = bytes
      for _ in 0...Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<changed.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: changed[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: changed.removeSubrange(place..<min(changed.count, place + 9))
        default:
          let marks = Array("<&%/>\"".utf8).shuffled(using: &random)
          changed.insert(contentsOf: marks, at: place)
        }
      }
      if let listing = S3Listing(changed, below: "host/one/") {
        #expect(listing.files.allSatisfy { $0.size >= 0 }, "seed \(seed)")
      }
      let noise = [UInt8].random(Int.random(in: 0...200, using: &random), &random)
      #expect(S3Listing(noise, below: "") == nil)
      _ = ContentRange(String(decoding: noise, as: UTF8.self))
      _ = ServerTime.header(String(decoding: noise, as: UTF8.self))
      _ = ServerTime.listed(String(decoding: noise, as: UTF8.self))
    }
  }

  @Test("times")
  func times() {
    let time = Date(timeIntervalSince1970: 1_445_412_480)
    #expect(ServerTime.header("Wed, 21 Oct 2015 07:28:00 GMT") == time)
    #expect(ServerTime.listed("2015-10-21T07:28:00.000Z") == time)
    #expect(ServerTime.listed("2000-02-29T00:00:00Z") == Date(timeIntervalSince1970: 951_782_400))
    #expect(ServerTime.listed("1970-01-01T00:00:00Z") == Date(timeIntervalSince1970: 0))
    for text in [
      "", "Wed, 21 Oct 2015 07:28:00 CET", "Wed, 21 Okt 2015 07:28:00 GMT",
      "21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 24:28:00 GMT", "Wed, 21 Oct 2015 07:28 GMT",
      "Wed, 21 Oct 15 07:28:00 GMT", "Wed, -1 Oct 2015 07:28:00 GMT",
    ] { #expect(ServerTime.header(text) == nil, "\(text)") }
  }

  @Test("content ranges")
  func contentRanges() {
    let whole = ContentRange("bytes 0-99/100")
    #expect(whole?.first == 0 && whole?.count == 100 && whole?.isAtEnd == true)
    #expect(ContentRange("bytes 5-5/*")?.isAtEnd == false)
    for text in [
      "", "bytes */100", "bytes 9-5/100", "bytes 0-/100", "bytes -5/100", "items 0-5/100",
      "bytes 0-99999999999999999999/100", "bytes 0-5",
    ] { #expect(ContentRange(text) == nil, "\(text)") }
  }
}
