// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Something that reads bytes from outside, with an oracle.
///
/// The same files are run by the tests for seconds and by `packaging/fuzz` for hours.
protocol FuzzTarget: SendableMetatype {
  static var name: String { get }
  /// Inputs to begin with.
  static var seeds: [[UInt8]] { get }
  /// Words that mean something to the reader.
  static var words: [String] { get }
  /// What is wrong with how the input was read; `nil` when nothing is.
  static func check(_ input: [UInt8]) -> String?
}

enum FuzzTargets {
  static let all: [any FuzzTarget.Type] = [
    YAMLTarget.self, CommitTarget.self, SignatureTarget.self, PointerTarget.self, BodyTarget.self,
  ]
}

extension FuzzTarget {
  /// The first complaint of several questions.
  static func first(_ complaints: String?...) -> String? {
    complaints.lazy.compactMap { $0 }.first
  }
}

extension [UInt8] {
  /// The parts between bytes 0x1E (record separator), which no document of ours may hold.
  var records: [[UInt8]] {
    split(separator: 0x1E, omittingEmptySubsequences: false).map(Array.init)
  }
}
