// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The forms in which servers describe an error:
/// `{"error": {"message", "type", "code"}}`, `{"type": "error", "error": {…}}`,
/// `{"error": "…"}`, `{"object": "error", "message", "type", "code"}` and `{"detail": "…"}`.
struct ErrorBody: Decodable {
  let description: ErrorDescription?

  private enum Key: String, CodingKey { case error, message, type, code, detail, object, status }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    if let nested = fields.lenient(Nested.self, .error) {
      description = nested.description
    } else if let text = fields.lenient(String.self, .error) {
      description = ErrorDescription(message: text)
    } else if fields.lenient(String.self, .object) == "error" {
      description = Nested(fields).description
    } else if let text = fields.lenient(String.self, .detail) {
      description = ErrorDescription(message: text)
    } else {
      description = nil
    }
  }

  /// The error in a body, if it is one of the forms.
  static func description(in body: [UInt8]) -> ErrorDescription? {
    // `try?`: a body of another form describes nothing.
    (try? ApplianceJSON.decode(ErrorBody.self, from: body))?.description
  }

  private struct Nested: Decodable {
    let description: ErrorDescription

    init(from decoder: any Decoder) throws {
      self.init(try decoder.container(keyedBy: Key.self))
    }

    init(_ fields: KeyedDecodingContainer<Key>) {
      let number = fields.lenient(Int.self, .code) ?? fields.lenient(Int.self, .status)
      let text = fields.lenient(String.self, .code)
      let status = number ?? text.flatMap { Int($0) }
      description = ErrorDescription(
        type: fields.lenient(String.self, .type), code: text,
        message: fields.lenient(String.self, .message),
        status: status.flatMap { (400...599).contains($0) ? $0 : nil })
    }
  }
}
