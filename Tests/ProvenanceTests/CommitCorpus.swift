// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport

@testable import Provenance

/// Commits of all shapes, good and bad, made anew from a seed.
struct CommitCorpus {
  struct Entry {
    let name: String
    let bytes: [UInt8]
    /// Made by a signer, in the form that git writes.
    let isGenuine: Bool
  }

  private(set) var entries: [Entry] = []
  private var known: Set<[UInt8]> = []
  private let keyring: Keyring
  private let repository: GitRepository
  private var random: SplitMix64

  /// - Parameters:
  ///   - keyring: With `alice` and `bob` as signers; `mallory` is none.
  ///   - mutations: How many changed commits of the genuine ones to add.
  init(seed: UInt64, keyring: Keyring, repository: GitRepository, mutations: Int) throws {
    (self.keyring, self.repository) = (keyring, repository)
    random = SplitMix64(seed: seed)
    try addWrittenByGit()
    try addSigned(isGenuine: true, genuinePayloads())
    try addSigned(isGenuine: false, Self.hostilePayloads)
    try addOtherSignatures()
    addMutations(mutations)
  }

  var genuine: [[UInt8]] { entries.filter(\.isGenuine).map(\.bytes) }

  private mutating func add(_ name: String, _ bytes: [UInt8], isGenuine: Bool = false) {
    guard known.insert(bytes).inserted else { return }
    entries.append(Entry(name: name, bytes: bytes, isGenuine: isGenuine))
  }

  private mutating func addWrittenByGit() throws {
    let make = repository.commit
    let past = try ["one\n", "two\n", "three\n"].map { text in
      try make(text, "alice", [], "Alice", "@1 +0000", "@1 +0000", [])
    }
    let ids = past.map(ObjectID.commit)
    let one = Array(ids.prefix(1))
    let latin = ["i18n.commitEncoding=ISO-8859-1"]
    let (old, new) = ("@2 +0000", "1750000000 -0330")
    let commits =
      try past + [
        make("", "alice", one, "Alice", old, new, []),
        make("no line feed", "bob", one, "Bob", new, "@1 +1400", []),
        make("merge\n", "bob", Array(ids.prefix(2)), "Bob", old, new, []),
        make("octopus\n", "alice", ids, "A", old, new, []),
        make("windows\r\nlines\r\n", "alice", [], "Alice", old, new, []),
        make("größe\n", "alice", [], "Älice Ünal", old, new, []),
        make("latin\n", "alice", one, "Alice", old, new, latin),
        make("\n\n  leading\n\ntree x\nparent y\n", "alice", one, "A", old, new, []),
        make(String(repeating: "long ", count: 20_000), "alice", one, "A", old, new, []),
      ]
    for (index, commit) in commits.enumerated() {
      add("git \(index)", commit, isGenuine: true)
    }
    for name in ["alice", "mallory"] {
      let bytes = try repository.commit("by \(name)\n", by: name == "mallory" ? name : nil)
      add("unsigned or unknown: \(name)", bytes)
    }
  }

  private mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int.random(in: choices.indices, using: &random)]
  }

  private mutating func genuinePayloads() -> [(String, [UInt8])] {
    (0..<50).map { number in
      let parents = (0..<pick([0, 1, 1, 1, 2, 3])).map { _ in
        String((0..<40).map { _ in pick(Array("0123456789abcdef")) })
      }
      let people = (0..<2).map { _ in
        let name = pick(["A", "Bob B.", "", "日本", "x\"y", "trailing "])
        let date = Int.random(in: 0...4_102_444_800, using: &random)
        return "\(name) <\(pick(["", "a@b", "ü", "a b"]))> \(date) \(pick(["+0000", "-0700"]))"
      }
      let message = pick([
        "", "\n", "a", "a\n", "\n\na\n\n", "a\u{301}\u{202e}\u{1}\t\n", "gpgsig x\n", " b\n",
        "-----END SSH SIGNATURE-----\n", "tree \(String.tree)\n",
      ])
      let payload = [UInt8].commit(
        tree: pick([.tree, String(repeating: "0", count: 40)]), parents: parents,
        author: people[0], committer: people[1],
        extra: pick(["", "", "encoding UTF-8\n", "encoding SHIFT_JIS\n"]),
        message: message + "\(number)")
      return ("shape \(number)", payload)
    }
  }

  /// What nobody should sign, signed by a signer.
  private static var hostilePayloads: [(String, [UInt8])] {
    let plain = [UInt8].commit()
    let lines = plain.headerLines
    let headers = [
      "mergetag object \(String.tree)\n type commit\n", "HG:rename x\n", "x-y z\n", "x\n", " x\n",
      "encoding UTF-8\nencoding UTF-8\n", "encoding \n", "encoding\tUTF-8\n", "encoding a b\n",
      "author \(String.person)\n", "committer \(String.person)\n", "tree \(String.tree)\n",
      "parent \(String.tree)\n", "x-long \(String(repeating: "x", count: 70_000))\n", "\r\n",
    ]
    let messages = SignatureArmor.markers.map { "\($0)\n" } + ["\0", "a\0b"]
    let trees = ["", "x", String.tree.uppercased(), String.tree + "0"]
    return headers.map { ("header \($0.prefix(20))", [UInt8].commit(extra: $0)) }
      + RawCommitTests.noPeople.map { ("author \($0)", [UInt8].commit(author: $0)) }
      + RawCommitTests.noPeople.prefix(12).map {
        ("committer \($0)", [UInt8].commit(committer: $0))
      }
      + messages.map { ("message \($0)", [UInt8].commit(message: $0)) }
      + trees.map { ("tree \($0)", [UInt8].commit(tree: $0)) }
      + [
        ("reversed", plain.withHeader(lines.reversed())),
        ("without author", plain.withHeader([lines[0], lines[2]])),
        ("carriage return", plain.withHeader(lines.map { $0.dropLast() + [0x0D, 0x0A] })),
        ("no message", Array(plain.prefix(plain.headerEnd))),
        ("too large", [UInt8].commit(message: String(repeating: "m", count: RawCommit.limit))),
      ]
  }

  private mutating func addSigned(isGenuine: Bool, _ payloads: [(String, [UInt8])]) throws {
    for name in isGenuine ? ["alice", "bob"] : ["alice"] {
      let armors = try keyring.sign(payloads.map(\.1), by: name)
      for ((shape, payload), armor) in zip(payloads, armors) {
        add("\(shape) by \(name)", payload.signed(armor), isGenuine: isGenuine)
      }
    }
  }

  /// Good commits with signatures of another key, kind, hash or purpose.
  private mutating func addOtherSignatures() throws {
    let payload = [UInt8].commit(message: "another signature\n")
    for kind in [Keyring.Kind.rsa, .ecdsa] {
      try keyring.make(kind.rawValue, kind)
      add(kind.rawValue, payload.signed(try keyring.sign(payload, by: kind.rawValue)))
    }
    for namespace in ["file", "emergency@kafclaw", "git2"] {
      add(namespace, payload.signed(try keyring.sign(payload, for: namespace)))
    }
    add("mallory", payload.signed(try keyring.sign(payload, by: "mallory")))
    let short = try keyring.sign([payload], hash: "sha256")[0]
    add("sha256", payload.signed(short), isGenuine: true)
    let commits = genuine
    for _ in 0..<10 {
      add("swapped", pick(commits).unsigned.signed(pick(commits).armor))
    }
    for vector in MutationVectorTests.vectors { add(vector.name, vector.change(pick(commits))) }
  }

  private mutating func addMutations(_ count: Int) {
    let commits = genuine.filter { $0.count < 4_000 }
    let names = CommitMutation.allCases
    for number in 0..<count {
      let mutation = names[number % names.count]
      add("\(mutation)", mutation.apply(to: pick(commits), other: pick(commits), &random))
    }
  }
}
