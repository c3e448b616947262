// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// All targets, for two seconds each or for `KAFCLAW_FUZZ_SECONDS`.
@Suite(.serialized)
struct TargetTests {
  private static let seconds: Double = {
    let given = ProcessInfo.processInfo.environment["KAFCLAW_FUZZ_SECONDS"]
    return given.flatMap { Double($0) } ?? 2
  }()

  /// What one input may take at most, on a machine that does other things too.
  private static let patience: Duration = .seconds(10)

  private static let targets = FuzzTargets.all.map { $0.name }

  @Test(arguments: TargetTests.targets)
  func seedsAreReadAsTheyShould(name: String) throws {
    let target = try #require(FuzzTargets.all.first { $0.name == name })
    for (number, seed) in target.seeds.enumerated() {
      expectNoComplaint(of: target, about: seed, "seed \(number)")
    }
  }

  @Test(arguments: TargetTests.targets)
  func anyInputIsReadAsItShould(name: String) throws {
    let target = try #require(FuzzTargets.all.first { $0.name == name })
    let seed = SplitMix64.seed(of: "fuzz \(name)")
    var mutator = Mutator(target, seed: seed)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(Self.seconds)
    var (rounds, slowest) = (0, Duration.zero)
    while clock.now < end {
      rounds += 1
      let input = mutator.next()
      let start = clock.now
      expectNoComplaint(of: target, about: input, "seed \(seed), round \(rounds)")
      slowest = max(slowest, clock.now - start)
      guard slowest < Self.patience else {
        Issue.record("\(name): seed \(seed), round \(rounds) took \(slowest)")
        return
      }
    }
    print("fuzz \(name): \(rounds) inputs, the slowest took \(slowest)")
    #expect(rounds > 1)
  }

  /// The input is shown as Base64: `base64 -d > FILE`, then `packaging/fuzz --again NAME FILE`.
  private func expectNoComplaint(
    of target: any FuzzTarget.Type, about input: [UInt8], _ what: String
  ) {
    guard let complaint = target.check(input) else { return }
    Issue.record("\(target.name), \(what): \(complaint)\n\(Data(input).base64EncodedString())")
  }
}
