// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Tomb

/// A value is found in every usual form, wherever it stands and however the text is cut.
struct TripwireTests {
  private static func secret(_ bytes: some Collection<UInt8>) -> SecretValue {
    SecretValue(copying: bytes)
  }

  private static func tripwire(_ values: [String: [UInt8]]) -> SecretTripwire {
    SecretTripwire(secrets: values.map { ($0.key, secret($0.value)) })
  }

  /// Encoders of the platform and of this test; the product's own are not asked.
  private static func forms(of bytes: [UInt8]) -> [String: [UInt8]] {
    let base64 = Data(bytes).base64EncodedString()
    var forms = [
      "plain": bytes, "base64": Array(base64.utf8),
      "base64 without padding": Array(base64.filter { $0 != "=" }.utf8),
      "wrapped base64": Array(Data(bytes).base64EncodedData(options: .lineLength64Characters)),
      "hex": Array(bytes.map { String(format: "%02x", $0) }.joined().utf8),
      "HEX": Array(bytes.map { String(format: "%02X", $0) }.joined().utf8),
      "spaced hex": Array(bytes.map { String(format: "%02x", $0) }.joined(separator: " ").utf8),
      "%XX": Array(bytes.map { String(format: "%%%02X", $0) }.joined().utf8),
      "%xx": Array(bytes.map { String(format: "%%%02x", $0) }.joined().utf8),
    ]
    for before in 1...2 {
      let shifted = Data([UInt8](repeating: 0x41, count: before) + bytes + [0x5A])
      let text = shifted.base64EncodedString()
      forms["base64 after \(before)"] = Array(text.utf8)
      let url = text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
      forms["base64url after \(before)"] = Array(url.utf8)
    }
    if let text = String(validating: bytes, as: UTF8.self) {
      var unreserved = CharacterSet(charactersIn: "-._~")
      for range in ["a"..."z", "A"..."Z", "0"..."9"] as [ClosedRange<Unicode.Scalar>] {
        unreserved.insert(charactersIn: range)
      }
      let percent = text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
      forms["percent"] = Array(percent.utf8)
      forms["form"] = Array(percent.replacing("%20", with: "+").utf8)
      forms["json"] = Array(CanonicalJSON.bytes(.string(text)).dropFirst().dropLast())
      forms["ascii json"] = Array(asciiJSON(text).utf8)
    }
    return forms
  }

  private static func asciiJSON(_ text: String) -> String {
    let escaped = CanonicalJSON.text(.string(text)).dropFirst().dropLast()
    return escaped.utf16.map { unit in
      unit < 0x80
        ? String(decoding: [UInt8(unit)], as: UTF8.self) : String(format: "\\u%04x", Int(unit))
    }.joined()
  }

  private static func random(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  private static func randomText(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    let characters = Array("abcXYZ019-._~!'()*+/=&<>\"\\ \n\t\u{1}äß日\u{1F600}:;,{}%")
    return Array(
      String((0..<count).map { _ in characters.randomElement(using: &random) ?? "x" }).utf8)
  }

  @Test("a random value is found in each of its forms at a random place of a random text")
  func findsEveryForm() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "findsEveryForm"))
    for round in 0..<300 {
      let length = Int.random(in: 8...(round % 3 == 0 ? 400 : 40), using: &random)
      let value =
        round % 2 == 0
        ? Self.random(length, &random) : Self.randomText(length, &random)
      let wire = Self.tripwire(["it": value, "other": Self.random(32, &random)])
      for (name, form) in Self.forms(of: value) {
        let before = Self.random(Int.random(in: 0...50, using: &random), &random)
        let text = before + form + Self.random(Int.random(in: 0...50, using: &random), &random)
        #expect(wire.find(in: text) == ["it"], "\(name) of \(length) bytes: \(value)")
      }
    }
  }

  @Test("ten thousand random texts without a value raise no alarm")
  func findsNothingElse() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "findsNothingElse"))
    let values = (0..<20).map { index in
      ("s\(index)", Self.random(Int.random(in: 8...64, using: &random), &random))
    }
    let wire = Self.tripwire(Dictionary(uniqueKeysWithValues: values))
    for round in 0..<10_000 {
      let text =
        round % 2 == 0
        ? Self.random(200, &random)
        : Array(Data(Self.random(150, &random)).base64EncodedData())
      #expect(wire.find(in: text).isEmpty)
    }
    // All but one byte of a value is not the value.
    for (_, value) in values where value.count < SecretForms.window {
      for index in [0, value.count / 2, value.count - 1] {
        var other = value
        other[index] ^= 1
        #expect(wire.find(in: other).isEmpty)
      }
      #expect(wire.find(in: value.dropLast()).isEmpty)
      #expect(wire.find(in: Data(value.dropLast()).base64EncodedData().dropLast(4)).isEmpty)
    }
  }

  @Test("a text that arrives in parts is one text")
  func findsWhatWasCut() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "findsWhatWasCut"))
    let value = Self.randomText(30, &random)
    let wire = Self.tripwire(["it": value])
    for (name, form) in Self.forms(of: value) {
      for size in [1, 2, 3, 7, form.count] {
        var scan = wire.scan()
        for start in stride(from: 0, to: form.count, by: size) {
          #expect(scan.found.isEmpty || start > form.count / 2)
          scan.feed(form[start..<min(start + size, form.count)])
        }
        #expect(scan.found == ["it"], "\(name) in parts of \(size)")
      }
    }
  }

  @Test("each of many values is told by its name, also where they overlap or are the same")
  func tellsValuesApart() {
    let wire = Self.tripwire([
      "long": Array("abcdefghijkl".utf8), "inner": Array("cdefghij".utf8),
      "end": Array("efghijkl".utf8), "twin": Array("abcdefghijkl".utf8),
      "next": Array("jklmnopq".utf8),
    ])
    #expect(wire.find(in: "xabcdefghijklmnopq") == ["end", "inner", "long", "next", "twin"])
    #expect(wire.find(in: "abcdefghijk") == ["inner"])
    #expect(wire.find(in: "abcabcdefghij") == ["inner"])
    #expect(wire.find(in: "") == [])
    // Every value against a plain search.
    var random = SplitMix64(seed: SplitMix64.seed(of: "tellsValuesApart"))
    for _ in 0..<200 {
      let values = (0..<6).map { index in
        (
          "\(index)",
          (0..<Int.random(in: 8...10, using: &random)).map { _ in
            UInt8.random(in: 0x61...0x62, using: &random)
          }
        )
      }
      let text = (0..<400).map { _ in UInt8.random(in: 0x61...0x62, using: &random) }
      let expected = values.filter { Self.contains(text, $0.1) }.map(\.0)
      #expect(Self.tripwire(Dictionary(uniqueKeysWithValues: values)).find(in: text) == expected)
    }
  }

  private static func contains(_ text: [UInt8], _ value: [UInt8]) -> Bool {
    (0...(text.count - value.count)).contains { text[$0...].starts(with: value) }
  }

  @Test func tellsWhichValuesAreTooShort() {
    let wire = Self.tripwire(["short": Array("1234567".utf8), "long": Array("12345678".utf8)])
    #expect(wire.unwatched == ["short"])
    #expect(wire.find(in: "12345678") == ["long"])
    #expect(Self.tripwire([:]).find(in: "anything at all").isEmpty)
  }

  @Test("two keys of one kind are told apart by their middle")
  func tellsKeysApart() {
    let head = "-----BEGIN PRIVATE KEY-----\n" + String(repeating: "MIIEvQIBADANBg", count: 10)
    let (one, other) = (
      head + String(repeating: "1", count: 200), head + String(repeating: "2", count: 200)
    )
    let wire = Self.tripwire(["one": Array(one.utf8)])
    #expect(wire.find(in: other).isEmpty)
    #expect(wire.find(in: "…" + one) == ["one"])
  }

  @Test("nothing of a value shows when a tripwire or a scan is printed")
  func printsNothing() {
    let value = "a-value-of-some-length"
    let wire = Self.tripwire(["name": Array(value.utf8)])
    var scan = wire.scan()
    scan.feed(value.utf8)
    var text = "\(wire) \(scan) \(String(reflecting: wire)) \(String(reflecting: scan))"
    dump(wire, to: &text)
    dump(scan, to: &text)
    #expect(!text.contains("value-of") && !text.contains("61"))
  }

  @Test("time grows with the text, not with how nearly it holds a value")
  func isLinear() {
    let wire = Self.tripwire(["it": Array((String(repeating: "a", count: 95) + "b").utf8)])
    let text = [UInt8](repeating: 0x61, count: 1 << 20)
    let time = ContinuousClock().measure { #expect(wire.find(in: text).isEmpty) }
    #expect(time < .seconds(20))
  }
}
