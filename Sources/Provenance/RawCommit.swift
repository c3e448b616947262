// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// A commit object, read byte by byte under a strict grammar.
///
/// Git and libgit2 read commits liberally and not alike: headers twice, text behind a NUL, a
/// signature within the message. Here a commit has `tree`, any number of `parent`, `author`,
/// `committer`, perhaps `encoding`, perhaps one `gpgsig`, a blank line and a message, and what was
/// read gives the same bytes again when it is written.
public struct RawCommit: Sendable, Equatable {
  /// The largest commit that is read. Bytes.
  public static let limit = 1 << 20

  /// Object id, 40 lower-case hexadecimal digits.
  public let tree: String
  /// Object ids; the first is the commit's own line of history.
  public let parents: [String]
  /// Name, mail address, seconds and zone as they stand in the commit.
  public let author: [UInt8]
  public let committer: [UInt8]
  /// The character set that the commit declares; `nil` for UTF-8.
  public let encoding: String?
  /// Everything behind the blank line.
  public let message: [UInt8]
  /// The armored signature, unfolded; `nil` when the commit has none.
  public let signature: [UInt8]?
  /// What is signed: the commit's bytes without the signature's header.
  public let payload: [UInt8]
  /// The date that the committer wrote. Nobody vouches for it.
  public let committedAt: Date

  /// - Throws: `provenance.malformed` with what is wrong.
  public init(parsing bytes: [UInt8]) throws {
    guard bytes.count <= Self.limit else {
      throw ApplianceError.malformed(
        "the commit has \(bytes.count) bytes; \(Self.limit) are allowed")
    }
    guard !bytes.contains(0) else { throw ApplianceError.malformed("the commit holds a NUL byte") }
    var header = try CommitHeader(of: bytes)
    tree = try CommitHeader.id(try header.take("tree"), header: "tree")
    var parents: [String] = []
    while let parent = header.takeIfPresent("parent") {
      parents.append(try CommitHeader.id(parent, header: "parent"))
    }
    self.parents = parents
    author = try header.take("author")
    committer = try header.take("committer")
    encoding = try header.takeIfPresent("encoding").map(Self.encoding)
    signature = header.takeSignature()
    try header.requireEnd()
    message = [UInt8](header.body)
    _ = try PersonLine(author, header: "author", isUTF8: encoding == nil)
    committedAt =
      try PersonLine(committer, header: "committer", isUTF8: encoding == nil).date
    try Self.requireNoSignature(in: message)
    payload = Self.serialised(
      tree, parents, author, committer, encoding, signature: nil, message)
    let whole = Self.serialised(
      tree, parents, author, committer, encoding, signature: signature, message)
    guard whole == bytes else {
      throw ApplianceError.malformed("the commit reads differently than it is written")
    }
  }

  /// The name of a character set: letters, digits and `-_.:+`.
  private static func encoding(_ value: [UInt8]) throws -> String {
    let isName = value.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_.:+".utf8.contains(byte)
      }
    }
    guard isName, (1...64).contains(value.count) else {
      throw ApplianceError.malformed("the commit's encoding is \"\(Excerpt.of(value))\"")
    }
    return String(decoding: value, as: UTF8.self)
  }

  /// A signature in the message is one that another reader may take for the commit's own.
  private static func requireNoSignature(in message: [UInt8]) throws {
    let dash = UInt8(ascii: "-")
    let titles = SignatureArmor.markers.map { Array($0.utf8.drop { $0 == dash }) }
    var rest = message[...]
    while let start = rest.firstIndex(of: dash) {
      rest = rest[start...].drop { $0 == dash }
      guard rest.startIndex - start < 5 || !titles.contains(where: { rest.starts(with: $0) }) else {
        throw ApplianceError.malformed("the commit's message holds a signature")
      }
    }
  }

  private static func serialised(
    _ tree: String, _ parents: [String], _ author: [UInt8], _ committer: [UInt8],
    _ encoding: String?, signature: [UInt8]?, _ message: [UInt8]
  ) -> [UInt8] {
    let feed = UInt8(ascii: "\n")
    var bytes = Array("tree \(tree)\n".utf8)
    for parent in parents { bytes += Array("parent \(parent)\n".utf8) }
    bytes += Array("author ".utf8) + author + [feed]
    bytes += Array("committer ".utf8) + committer + [feed]
    if let encoding { bytes += Array("encoding \(encoding)\n".utf8) }
    if let signature { bytes += CommitHeader.folded(signature) }
    return bytes + [feed] + message
  }
}
