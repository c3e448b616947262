// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Where requests to a provider go, and the key that opens it.
struct ProviderEndpoint: Sendable {
  private static let keyLimit = 8 << 10

  /// The provider's name in the desired state.
  let provider: String
  let `protocol`: ModelRoute.WireProtocol
  let url: String
  private let key: SecretValue?

  /// - Throws: `provider.address-invalid`, `provider.insecure-address`, `provider.key-invalid`.
  init(_ route: ModelRoute, key: SecretValue?) throws {
    (provider, `protocol`, self.key) = (route.provider, route.protocol, key)
    let base = route.baseURL ?? Self.home(of: route.protocol)
    let address = try ProviderAddress(base, provider: route.provider)
    guard address.isSecure || address.isLoopback else {
      throw ApplianceError(
        .providerInsecure,
        "provider \"\(route.provider)\": \"\(base)\" would carry the conversation in clear text",
        hint: "use https; http is accepted for loopback addresses only")
    }
    switch route.protocol {
    case .anthropic:
      // The root is declared without the version; with it the same is meant.
      url = address.root + (address.root.hasSuffix("/v1") ? "/messages" : "/v1/messages")
    case .openai, .offline: url = address.root + "/chat/completions"
    }
    if route.baseURL == nil && key == nil {
      throw ApplianceError(
        .providerKey, "provider \"\(route.provider)\" has no key",
        hint: "name the secret that holds it, in the desired state")
    }
    try key.map { try Self.check($0, provider: route.provider) }
  }

  private static func home(of protocol: ModelRoute.WireProtocol) -> String {
    `protocol` == .anthropic ? "https://api.anthropic.com" : "https://api.openai.com/v1"
  }

  /// Anything else would change the header it is written into.
  private static func check(_ key: SecretValue, provider: String) throws {
    let isText = key.withBytes { $0.allSatisfy { (0x21...0x7E).contains($0) } }
    guard isText, (1...keyLimit).contains(key.count) else {
      throw ApplianceError(
        .providerKey, "the key of provider \"\(provider)\" is empty or not one line of text",
        hint: "store it again without spaces and line ends")
    }
  }

  /// Headers made at the last moment: the only place where the key becomes text.
  func headers() -> [(name: String, value: String)] {
    let text = key?.withBytes { String(decoding: $0, as: UTF8.self) }
    switch `protocol` {
    case .anthropic:
      let version = (name: "anthropic-version", value: "2023-06-01")
      return [version] + (text.map { [(name: "x-api-key", value: $0)] } ?? [])
    case .openai, .offline:
      return text.map { [(name: "authorization", value: "Bearer \($0)")] } ?? []
    }
  }

  /// Foreign text as it may be shown: without the key, on one line, shortened.
  func shown(_ text: String, limit: Int = 300) -> String {
    let secret = key?.withBytes { String(decoding: $0, as: UTF8.self) }
    let clean = secret.map { text.replacing($0, with: "<redacted>") } ?? text
    let line = VisibleText.escape(String(clean.prefix(limit)))
    return clean.count > limit ? line + "…" : line
  }
}
