// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ModelProviders

/// Which addresses and keys a provider may have.
struct ProviderAddressTests {
  private func endpoint(
    _ base: String?, anthropic: Bool = false, key: String? = "k"
  ) throws -> ProviderEndpoint {
    let route = ModelRoute(
      provider: "p", protocol: anthropic ? .anthropic : .openai, baseURL: base, model: "m")
    return try ProviderEndpoint(route, key: key.map { SecretValue(copying: Array($0.utf8)) })
  }

  static let accepted = [
    ("https://api.example.com/v1", "https://api.example.com/v1/chat/completions"),
    ("https://api.example.com/v1/", "https://api.example.com/v1/chat/completions"),
    ("https://API.example.com", "https://api.example.com/chat/completions"),
    ("https://h:8443/a/b", "https://h:8443/a/b/chat/completions"),
    ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"),
    ("http://127.255.0.9", "http://127.255.0.9/chat/completions"),
    ("http://localhost:80", "http://localhost:80/chat/completions"),
    ("http://[::1]:80/v1", "http://[::1]:80/v1/chat/completions"),
    ("https://[2001:db8::1]", "https://[2001:db8::1]/chat/completions"),
  ]

  @Test("the root of an API is completed", arguments: accepted)
  func accepts(base: String, url: String) throws {
    #expect(try endpoint(base).url == url)
  }

  @Test(
    "clear text goes to the loopback only",
    arguments: [
      "http://api.example.com/v1", "http://127.0.0.1.example.com", "http://127.1", "http://0.0.0.0",
      "http://127.0.0.01", "http://127.0.0.256", "http://localhost.example.com", "http://10.0.0.1",
      "http://[::2]", "http://[::ffff:127.0.0.1]", "http://127.0.0.1.", "http://128.0.0.1",
    ])
  func clearText(base: String) throws {
    let error = #expect(throws: ApplianceError.self) { try endpoint(base) }
    #expect(error?.code == .providerInsecure)
  }

  @Test(
    "other forms are refused, unquoted",
    arguments: [
      "", "api.example.com", "ftp://x", "HTTPS://x", "https://", "https:///v1", "https://u:pw@h/v1",
      "https://h/v1?key=pw", "https://h/v1#pw", "https://h/../v1", "https://h//v1", "https://h/ v1",
      "https://h:0", "https://h:65536", "https://h:", "https://h:x", "https://h\\pw",
      "https://[::1",
      "https://[x]", "https://hö/v1", "https://h/%2e", "https://h\r\nx: pw", "https://-h",
      "https://.h",
    ])
  func refuses(base: String) throws {
    let error = #expect(throws: ApplianceError.self) { try endpoint(base) }
    #expect(error?.code == .providerAddress)
    #expect(error?.description.contains("pw") == false)
  }

  @Test("the vendors' own addresses are the defaults, and want a key")
  func defaults() throws {
    #expect(try endpoint(nil).url == "https://api.openai.com/v1/chat/completions")
    let anthropic = "https://api.anthropic.com/v1/messages"
    #expect(try endpoint(nil, anthropic: true).url == anthropic)
    #expect(try endpoint("https://api.anthropic.com/v1", anthropic: true).url == anthropic)
    let error = #expect(throws: ApplianceError.self) { try endpoint(nil, key: nil) }
    #expect(error?.code == .providerKey)
    #expect(try endpoint("http://localhost:1", key: nil).headers().isEmpty)
  }

  @Test(
    "a key is one line of text, and is not told",
    arguments: [
      "", "pw 1", "pw\n", "pw\r\nx: y", "pwö", "pw\0",
    ])
  func keys(key: String) throws {
    let error = #expect(throws: ApplianceError.self) { try endpoint("https://h", key: key) }
    #expect(error?.code == .providerKey)
    #expect(error?.description.contains("pw") == false)
  }

  @Test("a provider with no model, or no client, is refused")
  func incomplete() async throws {
    let route = ModelRoute(provider: "p", protocol: .openai, baseURL: "https://h")
    let error = try await withModelClient { client in
      #expect(throws: ApplianceError.self) {
        try ProviderCatalog.provider(for: route, key: nil, client: client)
      }
    }
    #expect(error?.code == .modelUnknown)
    #expect(throws: ApplianceError.self) {
      try ProviderCatalog.provider(for: route, key: nil, client: nil)
    }
  }
}
