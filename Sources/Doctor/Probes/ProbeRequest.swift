// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A request of a probe, exactly as it is sent.
struct ProbeRequest: Sendable {
  struct Field: Sendable {
    let name: String
    let value: [UInt8]

    init(_ name: String, _ value: String) { (self.name, self.value) = (name, Array(value.utf8)) }

    private init(_ name: String, _ value: [UInt8]) { (self.name, self.value) = (name, value) }

    /// `Authorization` with a scheme and a token.
    static func authorization(_ scheme: String, _ token: SecretValue) -> Field {
      token.withBytes { Field("Authorization", Array("\(scheme) ".utf8) + $0) }
    }

    static func bearer(_ token: SecretValue) -> Field { authorization("Bearer", token) }

    static let json = Field("Content-Type", "application/json")
  }

  let method: String
  let path: String
  var fields: [Field] = []
  var body: [UInt8] = []
  /// `Host`; `nil` leaves it out.
  var host: String?

  init(_ method: String, _ path: String, _ fields: Field..., body: String = "", host: String?) {
    (self.method, self.path, self.fields, self.host) = (method, path, fields, host)
    self.body = Array(body.utf8)
  }

  /// What is sent.
  ///
  /// - Parameter isLast: Whether the connection is to end after the answer.
  func bytes(isLast: Bool = true) -> [UInt8] {
    var all = fields
    if let host { all.insert(Field("Host", host), at: 0) }
    if isLast { all.append(Field("Connection", "close")) }
    if !body.isEmpty { all.append(Field("Content-Length", "\(body.count)")) }
    return Self.head(method, path, all) + body
  }

  /// A head with these fields and no others.
  static func head(_ method: String, _ path: String, _ fields: [Field]) -> [UInt8] {
    var bytes = Array("\(method) \(path) HTTP/1.1\r\n".utf8)
    for field in fields { bytes += Array("\(field.name): ".utf8) + field.value + [0x0D, 0x0A] }
    return bytes + [0x0D, 0x0A]
  }
}
