// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Planning

/// Addresses are told apart and put in order by bytes.
struct ResourceAddressTests {
  @Test func spellingsOfOneTextAreTwoAddresses() {
    let (one, other) = (
      ResourceAddress(.workspace, "\u{E9}"), ResourceAddress(.workspace, "e\u{301}")
    )
    #expect(one != other)
    #expect(Set([one, other, one]).count == 2)
    #expect((one < other) != (other < one))
  }

  @Test(arguments: ["\u{301}.md", "a/\u{301}b", "\u{200D}/x", "a\u{301}/\u{301}"])
  func nameThatBeginsWithAMarkComesBack(name: String) throws {
    let address = ResourceAddress(.workspace, name)
    let back = try #require(ResourceAddress(address.text))
    #expect(back == address)
  }

  @Test(arguments: ["workspace/../x", "workspace/a//b", "workspace/./x", "workspace/x/"])
  func pathOutsideOfTheWorkspaceIsNoAddress(text: String) {
    #expect(ResourceAddress(text) == nil)
  }

  @Test func orderIsByWaveThenByBytesOfTheText() {
    let seed = SplitMix64.seed(of: "order of addresses")
    var random = SplitMix64(seed: seed)
    let letters: [Unicode.Scalar] = ["a", "b", "/", "Z", "é", "e", "\u{301}", "-"]
    let addresses = (0..<400).map { _ in
      var name = ""
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        name.unicodeScalars.append(letters.randomElement(using: &random) ?? "a")
      }
      return ResourceAddress(ResourceKind.allCases.randomElement(using: &random) ?? .modes, name)
    }
    for (one, other) in zip(addresses, addresses.dropFirst()) {
      let texts = (Array(one.text.utf8), Array(other.text.utf8))
      let expected =
        one.kind.wave == other.kind.wave
        ? texts.0.lexicographicallyPrecedes(texts.1) : one.kind.wave < other.kind.wave
      #expect((one < other) == expected, "seed \(seed): \(one.text), \(other.text)")
    }
  }

  @Test func twoSpellingsAreTwoResourcesInAPlan() {
    var input = PlanInput()
    for name in ["\u{E9}.md", "e\u{301}.md"] {
      input.desired.append(Resource(.workspace, name, ["digest": "x"]))
      input.observed[ResourceAddress(.workspace, name)] = .absent
    }
    let one = Planner.plan(input)
    input.desired.reverse()
    #expect(one.changes.count == 2)
    #expect(Planner.plan(input).effectDigest == one.effectDigest)
  }
}
