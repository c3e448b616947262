// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Provenance

/// The grammar of commits: what git writes is read, everything else is named.
struct RawCommitTests {
  private func message(_ bytes: [UInt8], _ name: String = "") -> String {
    let error = #expect(throws: ApplianceError.self, "\(name)") {
      _ = try RawCommit(parsing: bytes)
    }
    #expect(error?.code == .provenanceMalformed)
    return error?.message ?? ""
  }

  @Test func readsWhatGitWrites() throws {
    let repository = try GitRepository(try Keyring())
    let first = try repository.commit("one\n\ntwo\n")
    let id = ObjectID.commit(first)
    let side = ObjectID.commit(try repository.commit("side\n"))
    let merge = try repository.commit("", by: nil, parents: [id, side])
    let commit = try RawCommit(parsing: first)
    #expect(commit.tree == .tree)
    #expect(commit.parents == [])
    #expect(commit.author.text == "Alice <a@example.org> 1750000000 +0200")
    #expect(commit.committer.text == "Alice <a@example.org> 1750000001 +0200")
    #expect(commit.committedAt == Date(timeIntervalSince1970: 1_750_000_001))
    #expect(commit.message.text == "one\n\ntwo\n")
    #expect(commit.encoding == nil)
    #expect(commit.signature == first.armor)
    #expect(commit.payload == first.unsigned)
    let second = try RawCommit(parsing: merge)
    #expect(second.parents == [id, side])
    #expect(second.message == [])
    #expect(second.signature == nil)
    #expect(second.payload == merge)
    let latin = try repository.commit(
      "gr\u{fc}n", configuration: ["i18n.commitEncoding=ISO-8859-1"])
    #expect(try RawCommit(parsing: latin).encoding == "ISO-8859-1")
  }

  @Test func headersStandOnceAndInOrder() {
    let other = "parent \(String(repeating: "1", count: 40))\n"
    let plain = [UInt8].commit(extra: "encoding UTF-8\ngpgsig a\n b\n").headerLines
    let rest = Array("\nchange\n".utf8)
    #expect(throws: Never.self) { try RawCommit(parsing: plain.flatMap { $0 } + rest) }
    for index in plain.indices {
      var lines = plain
      if plain[index].first != UInt8(ascii: " ") {
        lines.insert(plain[index], at: index)
        _ = message(lines.flatMap { $0 } + rest, "twice: \(plain[index].text)")
      }
      if index < 3 {
        lines = plain
        lines.remove(at: index)
        _ = message(lines.flatMap { $0 } + rest, "without: \(plain[index].text)")
      }
      lines = plain
      if index + 1 < lines.count {
        lines.swapAt(index, index + 1)
        _ = message(lines.flatMap { $0 } + rest, "swapped: \(plain[index].text)")
      }
      lines = plain
      if index != 1 {
        lines.insert(Array(other.utf8), at: index)
        _ = message(lines.flatMap { $0 } + rest, "parent at \(index)")
      }
    }
  }

  @Test(arguments: [
    "mergetag object \(String.tree)\n type commit\n", "gpgsig-sha256 x\n", "HG:rename x\n",
    "x-y z\n", "change-id abc\n", "gpgsig\n", "gpgsigx y\n", "Encoding UTF-8\n", "encoding\n",
    "encoding \n", "encoding a b\n", "encoding \u{10}\n", "encoding UTF-8 \n", " folded\n", "\t\n",
    "encoding UTF-8\nencoding UTF-8\n", "gpgsig a\ngpgsig b\n", "gpgsig a\nencoding UTF-8\n",
    "gpgsig-sha256 a\ngpgsig b\n", "gpgsig a\ngpgsig-sha256 b\n", "gpgsig a\n b\n\tc\n",
    "tree \(String.tree)\n", "author \(String.person)\n", "gpgsig a\r\n b\n", "encoding UTF-8\r\n",
    "encoding \(String(repeating: "a", count: 65))\n",
  ])
  func otherHeadersAreRefused(lines: String) {
    let text = message(.commit(extra: lines), lines)
    #expect(!text.unicodeScalars.contains(where: VisibleText.isInvisible))
  }

  @Test func messagesNameTheHeader() {
    #expect(message(.commit(extra: "x-y z\n")).contains("\"x-y z\" is not allowed"))
    #expect(message(.commit(extra: "gpgsig a\ngpgsig b\n")).contains("\"gpgsig b\""))
    #expect(message([UInt8].commit().replacing("author", with: "auteur")).contains("author"))
  }

  @Test func idsAreFortyDigits() {
    let good = String(repeating: "0123456789", count: 4)
    #expect(throws: Never.self) { try RawCommit(parsing: .commit(tree: good, parents: [good])) }
    let bad = [
      "", String(good.dropLast()), good + "0", good.replacing("0", with: "A"),
      good.replacing("9", with: "g"), " " + good, good + " ", "+" + good.dropLast(),
      String(repeating: good, count: 2).prefix(64).description,
    ]
    for id in bad {
      #expect(message(.commit(tree: id)).contains("tree"))
      #expect(message(.commit(parents: [good, id])).contains("parent"))
    }
  }

  static let people = [
    "A <a@b> 1 +0000", "A B <> 0 -0000", " <a@b> 1 +0000", "Ünal <ü@b> 1750000000 +1400",
    "A <a b> 1 +9999", "A  <a@b> 253402300799 -0330", "O'Neil, \"x\" (y) <a@b> 12 +0000",
  ]

  static let noPeople = [
    "", "A", "A <a@b>", "A <a@b> ", "A <a@b> 1", "A <a@b> 1 ", "A<a@b> 1 +0000",
    "<a@b> 1 +0000", "A <a@b>1 +0000", "A a@b 1 +0000", "A <a@b 1 +0000", "A a@b> 1 +0000",
    "A <<a@b> 1 +0000", "A <a@b>> 1 +0000", "A > <a@b> 1 +0000", "A <a@b> x +0000",
    "A <a@b> 01 +0000", "A <a@b> 00 +0000", "A <a@b> -1 +0000", "A <a@b> +1 +0000",
    "A <a@b>  1 +0000", "A <a@b> 1  +0000", "A <a@b> 1 0000", "A <a@b> 1 +000",
    "A <a@b> 1 +00000", "A <a@b> 1 +00:0", "A <a@b> 1 +0000 ", "A <a@b> 1 +0000 x",
    "A <a@b> 1.5 +0000", "A <a@b> 18446744073709551616 +0000",
    "A <a@b> 9223372036854775808 +0000", "A <a@b> 99999999999999999999999999 +0000",
    "A <a@b> 253402300800 +0000", "A <a@b> 1 ±0000", "A <a@b> ١ +0000", "A\t<a@b> 1 +0000",
    "A\u{1b}[2J <a@b> 1 +0000", "A\u{7f} <a@b> 1 +0000", "A <a\u{9b}@b> 1 +0000",
    "A\u{202e} <a@b> 1 +0000", "A <a@b>\t1 +0000", "A <a@b> 1\t+0000",
  ]

  @Test func peopleAreWrittenAsFsckWants() throws {
    let repository = try GitRepository(try Keyring())
    let objects = (Self.people + Self.noPeople).map { person in
      [[UInt8].commit(author: person), [UInt8].commit(committer: person)]
    }.flatMap { $0 }
    let judged = try repository.judge(objects)
    let faulty = try repository.faulty()
    #expect(faulty.count > 30)
    for (object, judgement) in zip(objects, judged) where faulty.contains(judgement.id) {
      _ = message(object, object.text)
    }
    for person in Self.people {
      #expect(throws: Never.self, "\(person)") {
        try RawCommit(parsing: .commit(author: person, committer: person))
      }
    }
    for person in Self.noPeople {
      #expect(message(.commit(author: person), person).contains("author"))
      #expect(message(.commit(committer: person), person).contains("committer"))
    }
  }

  @Test func namesOfOtherEncodingsNeedTheHeader() {
    var latin: [UInt8] = [UInt8(ascii: "M"), 0xFC, UInt8(ascii: "l")]
    let make = { (extra: String) -> [UInt8] in
      let commit = [UInt8].commit(author: "XYZ <a@b> 1 +0000", extra: extra)
      guard let range = commit.range(of: "XYZ") else { return [] }
      return commit[..<range.lowerBound] + latin + commit[range.upperBound...]
    }
    #expect(message(make("")).contains("UTF-8"))
    #expect(throws: Never.self) { try RawCommit(parsing: make("encoding ISO-8859-1\n")) }
    for control: UInt8 in [0x1B, 0x7F] {
      latin[0] = control
      #expect(message(make("encoding ISO-8859-1\n")).contains("control"))
    }
  }

  @Test func sizesAreBounded() {
    let body = { (count: Int) in [UInt8].commit(message: String(repeating: "a", count: count)) }
    let rest = RawCommit.limit - body(0).count
    #expect(throws: Never.self) { try RawCommit(parsing: body(rest)) }
    #expect(message(body(rest + 1)).contains("1048576"))
    let parent = "parent \(String.tree)\n"
    let empty = [UInt8].commit().headerEnd + 1
    let count = (CommitHeader.limit - empty) / parent.utf8.count
    let parents = { (count: Int) in
      [UInt8].commit(parents: [String](repeating: .tree, count: count))
    }
    #expect(throws: Never.self) { try RawCommit(parsing: parents(count)) }
    #expect(message(parents(count + 1)).contains("65536"))
    let line = String(repeating: "x", count: 70_000)
    #expect(message(.commit(extra: "gpgsig \(line)\n")).contains("65536"))
    #expect(message(Array(line.utf8)).contains("blank line"))
  }

  @Test func everyPartIsThere() {
    let whole = [UInt8].commit(message: "")
    #expect(throws: Never.self) { try RawCommit(parsing: whole) }
    for count in 0..<whole.count {
      _ = message(Array(whole.prefix(count)), "\(count) bytes")
    }
    _ = message(Array("\n".utf8) + whole)
    _ = message(Array("\n\n".utf8))
  }

  @Test func noNulAnywhere() {
    let whole = [UInt8].commit(extra: "encoding UTF-8\ngpgsig a\n")
    for index in 0...whole.count {
      #expect(message(whole.inserting("\0", at: index)).contains("NUL"))
    }
  }

  @Test func carriageReturnsStayInTheMessage() throws {
    let commit = [UInt8].commit(message: "one\r\ntwo\r\n")
    #expect(try RawCommit(parsing: commit).message.text == "one\r\ntwo\r\n")
    let header = [UInt8].commit()
    for index in 0..<header.headerEnd { _ = message(header.inserting("\r", at: index)) }
  }

  @Test func noSignatureInTheMessage() {
    for marker in SignatureArmor.markers {
      for text in [marker, "a\n\(marker)\nb", " \(marker)", "-\(marker)", "-----BEGIN \(marker)"] {
        #expect(message(.commit(message: text), text).contains("message holds a signature"))
      }
      #expect(throws: Never.self) {
        try RawCommit(parsing: .commit(message: String(marker.dropLast())))
      }
    }
  }
}
