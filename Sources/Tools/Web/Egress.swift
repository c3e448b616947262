// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// An address, a host or an answer from the network is not allowed.
  public static let egressRefused = Self("egress.refused")
  /// The network did not give an answer.
  public static let egressFailed = Self("egress.failed")
}

/// The one way from a tool to the network.
public protocol Egress: Sendable {
  /// Gets a page.
  ///
  /// - Throws: `egress.refused`, `egress.failed`. The message never holds the address's path: what
  ///   a turn has read may be in it.
  func fetch(_ url: String) async throws -> FetchedPage
}

/// An answer, as text.
public struct FetchedPage: Sendable, Equatable {
  /// Where the answer came from, after redirects.
  public let url: String
  /// HTTP status.
  public let status: Int
  public let contentType: String
  /// Without markup if it was HTML.
  public let text: String
  /// Whether the answer was longer than the policy allows.
  public let isCut: Bool

  public init(url: String, status: Int, contentType: String, text: String, isCut: Bool) {
    (self.url, self.status, self.contentType) = (url, status, contentType)
    (self.text, self.isCut) = (text, isCut)
  }
}

/// Where requests may go, and what may come back. Without hosts, nowhere.
public struct EgressPolicy: Sendable, Equatable {
  /// Host names, exactly; no wildcards. An address counts only if it is listed as it is written.
  public var hosts: [String]
  public var ports: [Int]
  /// Of an answer; the rest is cut off. Bytes.
  public var maxBytes: Int
  /// For a whole fetch, redirects included. Seconds.
  public var timeout: Int
  public var maxRedirects: Int
  /// Whether `http://` is allowed beside `https://`.
  public var allowsPlainHTTP: Bool
  /// Lets 127.0.0.0/8 and ::1 pass. Tests only: it has no coded form and no public way to set it.
  var allowsLoopback = false

  public init(
    hosts: [String] = [], ports: [Int] = [443], maxBytes: Int = 512 << 10, timeout: Int = 20,
    maxRedirects: Int = 3, allowsPlainHTTP: Bool = false
  ) {
    (self.hosts, self.ports, self.maxBytes) = (hosts, ports, maxBytes)
    (self.timeout, self.maxRedirects) = (timeout, maxRedirects)
    self.allowsPlainHTTP = allowsPlainHTTP
  }

  /// Why the policy is not one; `nil` when it is.
  public var problem: String? {
    for host in hosts {
      guard let name = HostName(host), name.text.utf8.elementsEqual(host.utf8) else {
        return "\"\(VisibleText.escape(host))\" is not a lower-case host name without wildcards"
      }
    }
    for port in ports where !(1...65_535).contains(port) { return "there is no port \(port)" }
    if !(1...(16 << 20)).contains(maxBytes) { return "maxBytes is not from 1 to 16 MiB" }
    if !(1...300).contains(timeout) { return "timeout is not from 1 to 300 seconds" }
    if !(0...10).contains(maxRedirects) { return "maxRedirects is not from 0 to 10" }
    return nil
  }

  /// - Throws: `egress.refused` unless the address may be asked.
  func require(_ address: WebAddress) throws {
    guard address.isSecure || allowsPlainHTTP else {
      throw ApplianceError(.egressRefused, "the address is not https")
    }
    guard ports.contains(address.port) else {
      throw ApplianceError(.egressRefused, "port \(address.port) is not allowed")
    }
    let host = address.host.text
    guard hosts.contains(where: { $0.utf8.elementsEqual(host.utf8) }) else {
      throw ApplianceError(
        .egressRefused, "host \"\(host)\" is not allowed",
        hint: "an operator can add it to tools.web.hosts")
    }
  }

  /// - Throws: `egress.refused` when nothing, or an address that is not public, is among them.
  func require(_ addresses: [IPAddress], of host: HostName) throws -> IPAddress {
    guard let first = addresses.first else {
      throw ApplianceError(.egressFailed, "host \"\(host.text)\" has no address")
    }
    for address in addresses where !isAllowed(address) {
      throw ApplianceError(
        .egressRefused, "host \"\(host.text)\" leads to \(address), which is not public")
    }
    return first
  }

  private func isAllowed(_ address: IPAddress) -> Bool {
    address.isPublic || (allowsLoopback && address.isLoopback)
  }
}

extension EgressPolicy: Codable {
  private enum CodingKeys: String, CodingKey {
    case hosts, ports, maxBytes, timeout, maxRedirects, allowsPlainHTTP
  }
}
