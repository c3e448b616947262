// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CZlib

/// Unpacks gzip (RFC 1952) in bounds.
enum Gunzip {
  static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// - Parameter limit: Of what comes out. Bytes.
  /// - Throws: `skill.malformed`.
  static func unpack(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
    var input = bytes
    var stream = z_stream()
    // 16 more than the window's size: a gzip header has to be there.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw failure("cannot be unpacked here") }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    return try input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(clamping: source.count)
      while true {
        let (status, count) = chunk.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(clamping: target.count)
          let status = inflate(&stream, Z_NO_FLUSH)
          return (status, target.count - Int(stream.avail_out))
        }
        output += chunk.prefix(count)
        guard output.count <= limit else { throw failure("is over \(limit) bytes unpacked") }
        if status == Z_STREAM_END {
          guard stream.avail_in == 0 else { throw failure("has more after its end") }
          return output
        }
        guard status == Z_OK, count > 0 || stream.avail_in > 0 else {
          throw failure("is damaged or cut off")
        }
      }
    }
  }

  private static func failure(_ words: String) -> ApplianceError {
    ApplianceError(.skillMalformed, "the archive \(words)")
  }
}
