// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials

/// Base64 (RFC 4648 §4) with exactly one text for each sequence of bytes: padded, no white space,
/// unused bits zero.
enum StrictBase64 {
  /// - Returns: `nil` for any other text.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard let data = Data(base64Encoded: Data(text)) else { return nil }
    let bytes = [UInt8](data)
    return encode(bytes).elementsEqual(text) ? bytes : nil
  }

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](Data(bytes).base64EncodedData())
  }
}
