// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

@testable import Provenance

/// Hundreds of commits, judged here and by `git verify-commit` with the same signers.
struct CorpusTests {
  @Test(.timeLimit(.minutes(5))) func neverMoreLenientThanGit() throws {
    let seed = SplitMix64.seed(of: "commit corpus")
    let keyring = try Keyring()
    let repository = try GitRepository(keyring)
    let corpus = try CommitCorpus(
      seed: seed, keyring: keyring, repository: repository, mutations: 120)
    let verifier = CommitVerifier(
      signers: try ["alice", "bob"].map { try keyring.signer($0) })
    let judged = try repository.judge(corpus.entries.map(\.bytes))
    let faulty = try repository.faulty()
    var (both, onlyGit, onlyHere, neither) = (0, 0, 0, 0)
    var lenient: [String: Int] = [:]
    for (entry, git) in zip(corpus.entries, judged) {
      #expect(git.id == ObjectID.commit(entry.bytes))
      let verdict = verifier.verdict(on: entry.bytes)
      #expect(verdict.isVerified == entry.isGenuine, "\(entry.name): \(verdict)")
      #expect(!verdict.isVerified || git.isAccepted, "\(entry.name): git rejects it")
      #expect(!entry.isGenuine || git.isAccepted, "\(entry.name): genuine, git rejects it")
      #expect(!verdict.isVerified || !faulty.contains(git.id), "\(entry.name): git fsck complains")
      switch (verdict.isVerified, git.isAccepted) {
      case (true, true): both += 1
      case (false, true):
        onlyGit += 1
        lenient[verdict.reason?.rawValue ?? "", default: 0] += 1
      case (true, false): onlyHere += 1
      case (false, false): neither += 1
      }
    }
    print(
      "commit corpus: \(corpus.entries.count) commits; accepted by both \(both), by git alone "
        + "\(onlyGit) \(lenient.sorted { $0.key < $1.key }), here alone \(onlyHere), by none "
        + "\(neither); \(faulty.count) displease git fsck")
    #expect(corpus.entries.count >= 200)
    #expect(Set(judged.map(\.id)).count == corpus.entries.count)
    #expect(both >= 50)
    #expect(neither >= 100)
    #expect(onlyHere == 0)
  }
}
