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
    if let problem = policy.problem { throw ApplianceError(.egressRefused, problem) }
    let time = Duration.seconds(policy.timeout)
    return try await withThrowingTaskGroup(of: FetchedPage.self) { group in
      group.addTask { try await follow(try WebAddress(url), time) }
      group.addTask {
        try await ContinuousClock().sleep(for: time)
        throw ApplianceError(.egressFailed, "no answer within \(policy.timeout) s")
      }
      defer { group.cancelAll() }
      guard let page = try await group.next() else { throw CancellationError() }
      return page
    }
  }

  private func follow(_ first: WebAddress, _ time: Duration) async throws -> FetchedPage {
    var address = first
    for _ in 0...policy.maxRedirects {
      let answer = try await ask(address, time)
      guard let location = answer.location else { return try answer.page(from: address) }
      address = try address.following(location)
    }
    throw ApplianceError(.egressRefused, "over \(policy.maxRedirects) redirects")
  }

  private func ask(_ address: WebAddress, _ time: Duration) async throws -> WebAnswer {
    try policy.require(address)
    let addresses: [IPAddress]
    if let literal = address.host.address {
      addresses = [literal]
    } else {
      addresses = try await resolver.addresses(of: address.host.text, within: time)
    }
    let pinned = try policy.require(addresses, of: address.host)
    let request = PinnedRequest(address: address, pinned: pinned, policy: policy)
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
