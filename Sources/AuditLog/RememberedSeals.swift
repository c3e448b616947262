// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// The seals that the timeline remembers, of one log and of others, and how far the log was compared
/// with them.
struct RememberedSeals {
  /// Those of this log, by size; of the same size, in the order in which they were remembered.
  private let own: [AuditAnchor]
  private var index = 0
  /// The newest of another log.
  let other: AuditAnchor?
  /// Whether another log was sealed after this one was last.
  let isOtherNewer: Bool
  /// Lines when the log is to be compared next.
  private(set) var nextSize: UInt64
  /// Lines up to where the log is as it is remembered.
  private(set) var confirmed: UInt64 = 0

  /// - Parameter anchors: In the order in which they were remembered.
  /// - Parameter origin: Which log is looked at; `nil` when that cannot be known: then it is compared
  ///   with none.
  init(_ anchors: [AuditAnchor], origin: String?) {
    own = anchors.enumerated().filter { $0.element.origin == origin }
      .sorted { ($0.element.size, $0.offset) < ($1.element.size, $1.offset) }.map(\.element)
    other = origin == nil ? nil : anchors.last { $0.origin != origin }
    isOtherNewer = !own.isEmpty && other != nil && anchors.last == other
    nextSize = own.first?.size ?? .max
  }

  /// Nothing is remembered of this log.
  var isUnknown: Bool { own.isEmpty }

  /// The longest that the log was.
  var longest: AuditAnchor? { own.last }

  /// Compares the log as it was read so far.
  ///
  /// - Parameter isKnown: Whether the tree is that of the lines that were read.
  /// - Returns: What does not fit; only once.
  mutating func misfit(_ state: AuditState, isKnown: Bool) -> AuditAnchor? {
    while index < own.count, own[index].size <= state.size {
      let anchor = own[index]
      index += 1
      guard anchor.size == state.size, isKnown else { continue }
      guard anchor.chain == state.chain.hexadecimal, anchor.root == state.tree.root.hexadecimal
      else {
        (index, nextSize) = (own.count, .max)
        return anchor
      }
      confirmed = anchor.size
    }
    nextSize = index < own.count ? own[index].size : .max
    return nil
  }
}
