// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// The file through which a test and all processes of one run talk: the fault that is wanted, and
/// what was counted. The layout is that of `Shim/fault.h`.
final class FaultState: Sendable {
  /// An operation that counted.
  struct Operation: Sendable, CustomStringConvertible {
    /// Counted from 1.
    let number: Int
    let kind: FileOperations
    let path: String
    let isHit: Bool

    var description: String { "\(kind.name) \(path)" }
  }

  private enum Place {
    static let magic: UInt32 = 0x544c_4146
    static let mask = 4
    static let plan = 8
    static let target = 24
    static let root = 32
    static let part = 288
    static let text = 256
    static let counted = 544
    static let hits = 552
    static let processes = 560
    static let pids = 564
    static let pidCount = 64
    static let records = 1_024
    static let record = 256
    static let recordCount = 16_384
  }

  private let path: String
  private let root: String
  private let shim: FaultShim

  /// A new state, with nothing counted and no fault.
  ///
  /// - Parameter root: Only what lies below this folder counts.
  init(in scratch: Scratch, shim: FaultShim, root: String) throws {
    path = "\(scratch.path)/fault-state"
    (self.root, self.shim) = (root, shim)
    // The processes of a run before keep their mapping of the old file.
    try? FileManager.default.removeItem(atPath: path)  // `try?`: there may be none
    try Data().write(to: URL(fileURLWithPath: path))
    // Whoever the program runs as must be able to map it.
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.truncate(atOffset: UInt64(Place.records + Place.record * Place.recordCount))
    try file.close()
    try put(bytes(Place.magic), at: 0)
    try put(text(root), at: Place.root)
  }

  /// Words to put before a command, so that it and its children are under the fault.
  var prefix: [String] { ["env", "LD_PRELOAD=\(shim.library)", "FAULT_STATE=\(path)"] }

  /// Lets `fault` strike at the operation with this number; 0 counts only.
  func arm(_ fault: Fault, at target: Int) throws {
    // The mask comes last: until then nothing counts.
    try disarm()
    let flags: UInt32 = (fault.isLasting ? 1 : 0) | (fault.isPowerCut ? 2 : 0)
    try put(
      bytes(fault.effect.rawValue) + bytes(UInt32(bitPattern: fault.error)) + bytes(flags),
      at: Place.plan)
    try put(bytes(UInt64(target)), at: Place.target)
    try put(text(fault.part), at: Place.part)
    try put(bytes(UInt64(0)), at: Place.counted)
    try put(bytes(fault.operations.rawValue), at: Place.mask)
  }

  /// Nothing counts and nothing fails any more.
  func disarm() throws { try put(bytes(UInt32(0)), at: Place.mask) }

  var counted: Int { get throws { try number(UInt64.self, at: Place.counted) } }
  var hits: Int { get throws { try number(UInt64.self, at: Place.hits) } }

  /// Every process that took part in the run.
  var processes: [Int32] {
    get throws {
      let count = min(try number(UInt32.self, at: Place.processes), Place.pidCount)
      return try (0..<count).map { Int32(try number(UInt32.self, at: Place.pids + 4 * $0)) }
    }
  }

  /// What counted, in its order; paths begin at the root.
  var operations: [Operation] {
    get throws {
      let count = min(try counted, Place.recordCount)
      let data = try content(at: Place.records, count: count * Place.record)
      return stride(from: 0, to: data.count, by: Place.record).map { start in
        let record = Array(data[start..<start + Place.record])
        let length = min(Int(value(UInt32.self, in: record, at: 20)), Place.record - 24)
        let path = String(decoding: record.dropFirst(24).prefix(length), as: UTF8.self)
        return Operation(
          number: Int(value(UInt64.self, in: record, at: 0)),
          kind: FileOperations(rawValue: value(UInt32.self, in: record, at: 12)),
          path: path.hasPrefix(root) ? "~" + path.dropFirst(root.count) : path,
          isHit: value(UInt32.self, in: record, at: 16) != 0)
      }
    }
  }
}

extension FaultState {
  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8.prefix(Place.text - 1))
    return bytes + [UInt8](repeating: 0, count: Place.text - bytes.count)
  }

  private func put(_ bytes: [UInt8], at offset: Int) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }

  private func content(at offset: Int, count: Int) throws -> [UInt8] {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? file.close() }  // `try?`: it was only read
    try file.seek(toOffset: UInt64(offset))
    return Array(try file.read(upToCount: count) ?? Data())
  }

  private func number<Value: FixedWidthInteger>(
    _ type: Value.Type, at offset: Int
  ) throws -> Int {
    Int(value(type, in: try content(at: offset, count: MemoryLayout<Value>.size), at: 0))
  }

  private func value<Value: FixedWidthInteger>(
    _: Value.Type, in bytes: [UInt8], at offset: Int
  ) -> Value {
    bytes.dropFirst(offset).prefix(MemoryLayout<Value>.size).reversed()
      .reduce(0) { $0 << 8 | Value($1) }
  }
}
