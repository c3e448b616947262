// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Channels
import HTTPTypes
import Hummingbird
import NIOCore

extension FormFields {
  /// Of a form that a browser sends. Bytes.
  static let bodyLimit = 64 << 10

  /// - Throws: 413 and 415 for what is no form.
  static func read(of request: Request) async throws -> FormFields {
    let type = request.headers[.contentType]?.prefix { $0 != ";" } ?? ""
    guard type.lowercased() == "application/x-www-form-urlencoded" else {
      throw HTTPError(.unsupportedMediaType)
    }
    let buffer: ByteBuffer
    do {
      buffer = try await RequestBody.collect(request, limit: bodyLimit)
    } catch is NIOTooManyBytesError {
      throw HTTPError(.contentTooLarge)
    }
    return FormFields(String(decoding: buffer.readableBytesView, as: UTF8.self))
  }
}
