// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Follows an ``EgressPolicy``: every address, the first one and each that an answer leads to, is
/// read, looked up and checked anew, and the connection goes to exactly the address that was
/// checked.
public struct GuardedEgress: Egress {
  private let policy: EgressPolicy
  private let resolver: any NameResolver

  public init(policy: EgressPolicy, resolver: any NameResolver = SystemResolver()) {
    (self.policy, self.resolver) = (policy, resolver)
  }

  public func fetch(_ url: String) async throws -> FetchedPage {
    let (answer, address) = try await answer(url, isText: true)
    return try answer.page(from: address)
  }

  /// A file, whatever its content.
  ///
  /// - Throws: `egress.refused`, `egress.failed`, also for one that is longer than the policy allows.
  public func download(_ url: String) async throws -> [UInt8] {
    let (answer, _) = try await answer(url, isText: false)
    guard (200...299).contains(answer.status) else {
      throw ApplianceError(.egressFailed, "the answer has status \(answer.status)")
    }
    guard !answer.isCut else {
      throw ApplianceError(.egressRefused, "the file is over \(policy.maxBytes) bytes")
    }
    return answer.body
  }

  private func answer(_ url: String, isText: Bool) async throws -> (WebAnswer, WebAddress) {
    if let problem = policy.problem { throw ApplianceError(.egressRefused, problem) }
    let time = Duration.seconds(policy.timeout)
    return try await withThrowingTaskGroup(of: (WebAnswer, WebAddress).self) { group in
      group.addTask { try await follow(try WebAddress(url), time, isText) }
      group.addTask {
        try await ContinuousClock().sleep(for: time)
        throw ApplianceError(.egressFailed, "no answer within \(policy.timeout) s")
      }
      defer { group.cancelAll() }
      guard let answer = try await group.next() else { throw CancellationError() }
      return answer
    }
  }

  private func follow(
    _ first: WebAddress, _ time: Duration, _ isText: Bool
  ) async throws -> (WebAnswer, WebAddress) {
    var address = first
    for _ in 0...policy.maxRedirects {
      let answer = try await ask(address, time, isText)
      guard let location = answer.location else { return (answer, address) }
      address = try address.following(location)
    }
    throw ApplianceError(.egressRefused, "over \(policy.maxRedirects) redirects")
  }

  private func ask(
    _ address: WebAddress, _ time: Duration, _ isText: Bool
  ) async throws -> WebAnswer {
    try policy.require(address)
    let addresses: [IPAddress]
    if let literal = address.host.address {
      addresses = [literal]
    } else {
      addresses = try await resolver.addresses(of: address.host.text, within: time)
    }
    let pinned = try policy.require(addresses, of: address.host)
    let request = PinnedRequest(address: address, pinned: pinned, policy: policy, isText: isText)
    return try await request.send()
  }
}

/// What came back for one request.
struct WebAnswer {
  let status: Int
  let contentType: String
  /// Where a redirect leads.
  let location: String?
  let body: [UInt8]
  let isCut: Bool

  func page(from address: WebAddress) throws -> FetchedPage {
    // A body that was cut may end within a character.
    let text = String(decoding: body, as: UTF8.self)
    let type = Self.mediaType(contentType)
    return FetchedPage(
      url: address.text, status: status, contentType: type,
      text: Self.isMarkup(type) ? PageText.plain(text) : text, isCut: isCut)
  }

  /// Without parameters, lower case.
  static func mediaType(_ header: String) -> String {
    let type = header.prefix { $0 != ";" }.lowercased()
    return String(type.filter { $0 != " " && $0 != "\t" })
  }

  static func isMarkup(_ type: String) -> Bool {
    ["text/html", "application/xhtml+xml"].contains(type)
  }

  /// Text, JSON and XML.
  static func isReadable(_ type: String) -> Bool {
    let isApplication = type.hasPrefix("application/")
    return type.hasPrefix("text/")
      || ["application/json", "application/xml"].contains(type)
      || isApplication && (type.hasSuffix("+json") || type.hasSuffix("+xml"))
  }
}
