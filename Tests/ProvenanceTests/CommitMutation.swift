// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Ways to change a signed commit without its key.
enum CommitMutation: CaseIterable {
  case flipBit, flipHeaderBit, flipArmorBit, replaceByte, insertByte, removeByte, truncate
  case repeatHeader, removeHeader, swapHeaders, insertHeader, moveSignatureUp, headersOfAnother
  case insertInArmor, removeFromArmor, armorTwice, armorLines, indentArmor
  case editMessage, appendMessage, cutMessage, prependMessage, messageOfAnother
  case addParent, dropParent, changeDate, changeName, changeEncoding, carriageReturns, joinLines

  private static let headers = [
    "gpgsig junk\n", "gpgsig-sha256 junk\n", "x-y z\n", " \n", "encoding UTF-8\n", "gpgsig \n",
    "parent \(String.tree)\n", "tree \(String.tree)\n", "mergetag x\n", "gpgsig\n", "\t\n", "\r\n",
  ]

  func apply(
    to commit: [UInt8], other: [UInt8], _ random: inout some RandomNumberGenerator
  ) -> [UInt8] {
    var lines = commit.headerLines
    let line = Int.random(in: lines.indices, using: &random)
    let armor = commit.signatureLines ?? lines.indices
    let inArmor = Int.random(in: armor, using: &random)
    switch self {
    case .repeatHeader: lines.insert(lines[line], at: line)
    case .removeHeader: lines.remove(at: line)
    case .swapHeaders: lines.swapAt(line, Int.random(in: lines.indices, using: &random))
    case .insertHeader:
      lines.insert(Array((Self.headers.randomElement(using: &random) ?? "").utf8), at: line)
    case .moveSignatureUp:
      let signature = lines[armor]
      lines.removeSubrange(armor)
      lines.insert(contentsOf: signature, at: Int.random(in: lines.indices, using: &random))
    case .headersOfAnother: lines = other.headerLines
    case .insertInArmor:
      lines[inArmor].insert(
        [0x20, 0x09, 0x0D, 0x3D, 0x41, 0x2D].randomElement(using: &random) ?? 0,
        at: Int.random(in: 1..<lines[inArmor].count, using: &random))
    case .removeFromArmor:
      lines[inArmor].remove(at: Int.random(in: 0..<lines[inArmor].count, using: &random))
    case .armorTwice: return commit.unsigned.signed(commit.armor + other.armor)
    case .armorLines:
      let width = Int.random(in: 1...200, using: &random)
      return commit.unsigned.signed(Self.wrapped(commit.armor, width))
    case .indentArmor: lines[inArmor].insert(0x20, at: 0)
    case .addParent: lines.insert(Array("parent \(String.tree)\n".utf8), at: 1)
    case .dropParent: lines = lines.filter { !$0.starts(with: Array("parent ".utf8)) }
    case .changeDate: return commit.replacing(" +0000", with: " +0001")
    case .changeName: return commit.replacing(" <", with: "x <")
    case .changeEncoding: lines.insert(Array("encoding latin1\n".utf8), at: armor.lowerBound)
    case .carriageReturns: lines = lines.map { $0.dropLast() + [0x0D, 0x0A] }
    case .joinLines: lines[line].removeLast()
    default: return edited(commit, other: other, &random)
    }
    return commit.withHeader(lines)
  }

  private func edited(
    _ commit: [UInt8], other: [UInt8], _ random: inout some RandomNumberGenerator
  ) -> [UInt8] {
    var bytes = commit
    let body = bytes.headerEnd + 1
    let armor = commit.range(of: "gpgsig ")?.lowerBound ?? 0
    let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
    let any = Int.random(in: 0..<bytes.count, using: &random)
    let inBody = Int.random(in: body...bytes.count, using: &random)
    switch self {
    case .flipBit: bytes[any] ^= bit
    case .flipHeaderBit: bytes[Int.random(in: 0..<armor, using: &random)] ^= bit
    case .flipArmorBit: bytes[Int.random(in: armor..<body, using: &random)] ^= bit
    case .replaceByte: bytes[any] = UInt8.random(in: 0...255, using: &random)
    case .insertByte: bytes.insert(UInt8.random(in: 0...255, using: &random), at: any)
    case .removeByte: bytes.remove(at: any)
    case .truncate: bytes = Array(bytes.prefix(any))
    case .editMessage: bytes.insert(contentsOf: Array("Approved-by: me\n".utf8), at: inBody)
    case .appendMessage:
      bytes += [[0x0A], [0x00], [0x20], [0x0D]].randomElement(using: &random) ?? []
    case .cutMessage: bytes = Array(bytes.prefix(inBody))
    case .prependMessage: bytes.insert(0x0A, at: body)
    case .messageOfAnother: bytes.replaceSubrange(body..., with: other[(other.headerEnd + 1)...])
    default: break
    }
    return bytes
  }

  private static func wrapped(_ armor: [UInt8], _ width: Int) -> [UInt8] {
    let lines = armor.text.split(separator: "\n")
    guard let first = lines.first, let last = lines.last else { return armor }
    let content = Array(lines.dropFirst().dropLast().joined())
    let rows = stride(from: 0, to: content.count, by: width).map {
      String(content[$0..<min($0 + width, content.count)])
    }
    return Array("\(first)\n\(rows.joined(separator: "\n"))\n\(last)\n".utf8)
  }
}
