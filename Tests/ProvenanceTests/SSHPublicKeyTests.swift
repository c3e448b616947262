// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Provenance

/// Keys: one text, one binary form, one algorithm.
struct SSHPublicKeyTests {
  /// A key of RFC 8032 §7.1 (the public key of test 1).
  static let point: [UInt8] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
  ]

  private static func line(
    _ blob: [UInt8], outer: String = "ssh-ed25519", comment: String = ""
  ) -> String {
    "\(outer) \(Data(blob).base64EncodedString())\(comment)"
  }

  private static func blob(_ point: [UInt8], algorithm: String = "ssh-ed25519") -> [UInt8] {
    WireForm.string(algorithm.utf8) + WireForm.string(point)
  }

  private func code(_ text: String) -> ApplianceError.Code? {
    let error = #expect(throws: ApplianceError.self, "\(text)") {
      _ = try SSHPublicKey(authorizedKey: text)
    }
    return error?.code
  }

  @Test func readsWhatSshKeygenWrites() throws {
    let keyring = try Keyring()
    for name in ["alice", "bob"] {
      let key = try keyring.key(name)
      let shown = try keyring.keygen(["-l", "-f", keyring.file("\(name).pub")])
      #expect(shown.split(separator: " ").map(String.init)[1] == key.fingerprint)
      #expect(try keyring.line(name) == "\(key.text) \(name)@example.org\n")
      #expect(key.bytes.count == 32)
    }
    #expect(try keyring.key("alice") != keyring.key("bob"))
  }

  @Test func otherKindsAreToldWhatToDo() throws {
    let keyring = try Keyring()
    try keyring.make("rsa", .rsa)
    try keyring.make("ecdsa", .ecdsa)
    for name in ["rsa", "ecdsa"] {
      let error = #expect(throws: ApplianceError.self) { _ = try keyring.key(name) }
      #expect(error?.code == .provenanceKeyType)
      #expect(error?.hint?.contains("ssh-keygen -t ed25519") == true)
    }
    for type in ["sk-ssh-ed25519@openssh.com", "ssh-ed25519-cert-v01@openssh.com", "ssh-dss"] {
      #expect(code("\(type) AAAA x") == .provenanceKeyType)
      #expect(code(Self.line(Self.blob(Self.point, algorithm: type))) == .provenanceKeyType)
    }
  }

  @Test func commentsAndBlanksDoNotMatter() throws {
    let plain = Self.line(Self.blob(Self.point))
    let key = try SSHPublicKey(authorizedKey: plain)
    #expect(key.text == plain)
    #expect(key.bytes == Self.point)
    for text in [plain + " a b c", plain + "\n", "  \(plain)\r\n", plain + "\tmüller"] {
      #expect(try SSHPublicKey(authorizedKey: text) == key)
    }
  }

  @Test func nothingButTheOneForm() {
    let good = Self.line(Self.blob(Self.point))
    let base = Data(Self.blob(Self.point)).base64EncodedString()
    let lines = [
      "", " ", "ssh-ed25519", "ssh-ed25519 ", base, "ssh-ed25519 =", "ssh-ed25519 AAAA",
      "ssh-ed25519 \(base)=", "ssh-ed25519 \(base.dropLast())", "ssh-ed25519 \(base)AAAA",
      "ssh-ed25519 \(base.dropLast(3)) \(base.suffix(3))", "\(good)\n\(good)", "\(good)\0",
      Self.line(Self.blob(Self.point) + [0]), Self.line(Self.blob(Self.point).dropLast()),
      Self.line(Self.blob(Self.point + [0])), Self.line(Self.blob(Self.point.dropLast())),
      Self.line(Self.blob([])), Self.line([]), Self.line([0xFF, 0xFF, 0xFF, 0xFF]),
      Self.line(Self.blob(Self.point, algorithm: "")).replacing("ssh-ed25519 ", with: "x "),
    ]
    for line in lines where !line.hasPrefix("x ") {
      #expect(code(line) == .provenanceMalformed, "\(line)")
    }
    #expect(code("restrict \(good)") == .provenanceKeyType)
    #expect(code("command=\"x\" \(good)") == .provenanceKeyType)
    #expect(code("SSH-ED25519 \(base)") == .provenanceKeyType)
  }

  /// Each Base64 text has one meaning and each meaning one text.
  @Test func unusedBitsAreZero() throws {
    for (text, bytes) in [("QQ==", [0x41]), ("QUI=", [0x41, 0x42])] as [(String, [UInt8])] {
      #expect(StrictBase64.decode(text.utf8) == bytes)
    }
    for text in ["QR==", "QUJ=", "QQ", "QQ=", "Q Q==", "QQ==\n", "Q-==", "QQ==QQ==", "===="] {
      #expect(StrictBase64.decode(text.utf8) == nil, "\(text)")
    }
    #expect(StrictBase64.decode([]) == [])
  }

  /// Points of low order: under some of them a signature of nobody verifies any message.
  @Test func keysOfNobodyAreRefused() {
    var points = [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)]
    points.append([0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F])
    points.append([UInt8](repeating: 0, count: 31) + [0x80])
    let eighth = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
    points.append(
      stride(from: 0, to: 64, by: 2).compactMap {
        UInt8(eighth.dropFirst($0).prefix(2), radix: 16)
      })
    // Not canonical, and not on the curve.
    points.append([0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F])
    points.append([2] + [UInt8](repeating: 0, count: 31))
    for point in points {
      #expect(point.count == 32)
      #expect(code(Self.line(Self.blob(point))) == .provenanceMalformed)
    }
  }

  @Test func isCodedAsItsText() throws {
    let key = try SSHPublicKey(authorizedKey: Self.line(Self.blob(Self.point), comment: " me"))
    let bytes = try ApplianceJSON.encode([key])
    #expect(bytes.text == "[\"\(key.text)\"]")
    #expect(try ApplianceJSON.decode([SSHPublicKey].self, from: bytes) == [key])
    #expect(throws: ApplianceError.self) {
      _ = try ApplianceJSON.decode([SSHPublicKey].self, from: #"["ssh-rsa AAAA"]"#.utf8)
    }
  }
}
