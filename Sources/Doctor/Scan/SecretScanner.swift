// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

/// Where a secret stands.
struct SecretPlace: Sendable, Equatable {
  /// Of its first byte.
  let offset: Int
  /// As in `tomb:openai in base64`; never the secret.
  let what: String
  /// The live secret that it is; `nil` for something that has the shape of a credential.
  let name: String?
}

/// Looks for secrets in bytes that may be anything: for values that are in use, in every
/// ``SecretForm``, and for the shapes of credentials.
struct SecretScanner: Sendable {
  let index: SecretIndex

  init(_ secrets: [LiveSecret]) { index = SecretIndex(secrets) }

  /// Looks through bytes that are there as a whole.
  func places(in bytes: UnsafeRawBufferPointer, shapes: Bool = true) -> [SecretPlace] {
    var scan = SecretScan(self, shapes: shapes)
    scan.feed(bytes)
    return scan.finish()
  }

  func places(in bytes: [UInt8], shapes: Bool = true) -> [SecretPlace] {
    bytes.withUnsafeBytes { places(in: $0, shapes: shapes) }
  }
}

/// Looks through one stream, a chunk at a time. Keeps no more of it than the longest thing that is
/// looked for.
struct SecretScan {
  /// Of one stream so many places are kept.
  static let placeLimit = 100

  private let scanner: SecretScanner
  private let shapes: Bool
  private let overlap: Int
  private var window: [UInt8] = []
  /// Offset of the window's first byte.
  private var base = 0
  /// Bytes of the window that were looked at before.
  private var old = 0
  private var found: [SecretPlace] = []

  init(_ scanner: SecretScanner, shapes: Bool) {
    (self.scanner, self.shapes) = (scanner, shapes)
    // One more: what stands before a credential decides whether it is one.
    overlap = max(scanner.index.longest, shapes ? SecretPattern.longestPlace : 0) + 1
  }

  mutating func feed(_ chunk: UnsafeRawBufferPointer) {
    window.append(contentsOf: chunk)
    look()
    let rest = min(window.count, overlap)
    base += window.count - rest
    window.removeFirst(window.count - rest)
    old = rest
  }

  /// - Returns: What was found, in order.
  mutating func finish() -> [SecretPlace] {
    // The end is as good as a byte of no word.
    if shapes { [UInt8(0)].withUnsafeBytes { feed($0) } }
    window = []
    return found.sorted { ($0.offset, $0.what) < ($1.offset, $1.what) }
  }

  /// What ends among the old bytes was found before.
  private mutating func look() {
    var new: [SecretPlace] = []
    window.withUnsafeBytes { bytes in
      scanner.index.forEachMatch(in: bytes) { start, needle in
        guard start + needle.bytes.count > old else { return }
        new.append(
          SecretPlace(
            offset: base + start, what: "\(needle.name) \(needle.form.words)", name: needle.name))
      }
      guard shapes else { return }
      SecretPattern.forEachPlace(in: bytes) { place in
        guard place.end > old else { return }
        new.append(
          SecretPlace(
            offset: base + place.start, what: "of the shape of \(place.shape)", name: nil))
      }
    }
    found += new.prefix(max(0, Self.placeLimit - found.count))
  }
}
