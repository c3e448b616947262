// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Tools

/// Which addresses may be asked at all: no name is looked up for any other.
struct WebAddressTests {
  static let hostile = [
    // Not https, or not an address.
    "", "good.example", "//good.example/", "ftp://good.example/", "file:///etc/passwd",
    "http://good.example/", "https:good.example", "https:/good.example", "https:///good.example",
    " https://good.example/", "https://good.example/ ", "https://", "https:///", "https://?x",
    "javascript:x", "gopher://good.example/", "unix://good.example/", "http+unix://good.example/",
    // User information and other ways to name two hosts.
    "https://good.example@evil.example/", "https://user:pass@good.example/",
    "https://good.example:443@evil.example/", "https://good.example%40evil.example/",
    "https://evil.example#@good.example/", "https://evil.example?@good.example/",
    "https://evil.example\\@good.example/", "https://good.example\\.evil.example/",
    "https://good.example\t.evil.example/", "https://@good.example/", "https://good.example:@x/",
    "https:\\\\good.example\\", "https://good.example;evil.example/",
    // Names that only look the same.
    "https://good.example./", "https://.good.example/", "https://good..example/",
    "https://xgood.example/", "https://good.example.evil.example/", "https://evil.good.example/",
    "https://good%2eexample/", "https://g%6fod.example/", "https://good\u{3002}example/",
    "https://\u{FF47}ood.example/", "https://go\u{AD}od.example/", "https://good.exampl\u{435}/",
    "https://good_example/", "https://*.example/", "https://-good.example/",
    "https://good.example-/",
    "https://GOOD.EXAMPLE\u{301}/", "https://\u{212A}ood.example/", "https://good.example%00.x/",
    // Addresses in every spelling.
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/",
    "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/",
    "https://127.0.0.1./", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/", "https://[::1%25lo]/", "https://[fe80::1%lo]/", "https://[v1.x]/",
    "https://0/", "https://0.0.0.0/", "https://169.254.169.254/", "https://[::127.0.0.1]/",
    "https://1.1.1.1/", "https://256.1.1.1/", "https://127.0.0.0x1/", "https://good.example.0x/",
    "https://localhost/", "https://[::1/", "https://::1/", "https://[]/", "https://good.1/",
    // Ports.
    "https://good.example:22/", "https://good.example:0/", "https://good.example:65536/",
    "https://good.example:0443/", "https://good.example:/", "https://good.example:443:443/",
    "https://good.example:+443/", "https://good.example:4 43/", "https://good.example:80/",
    "https://good.example:99999999999999999999/", "https://good.example:\u{0664}43/",
    // Line ends and other controls.
    "https://good.example/\r\nhost: evil.example", "https://good.example/\n",
    "https://good.example/\0",
    "https://good.example\r\n/", "https://good.example/a b", "https://good.example/\u{7F}",
    "https://good.example/<script>", "https://good.example/\u{e9}", "https://good.example/\"",
  ]

  @Test(
    "a hostile address is refused before any name is looked up", arguments: WebAddressTests.hostile)
  func refuses(url: String) async {
    let resolver = TestResolver { _, _ in ["93.184.215.14"] }
    let egress = GuardedEgress(policy: EgressPolicy(hosts: ["good.example"]), resolver: resolver)
    await #expect(throws: ApplianceError.self) { try await egress.fetch(url) }
    #expect(resolver.hosts.isEmpty)
  }

  @Test(arguments: [
    ("https://good.example", "https://good.example/"),
    ("HTTPS://Good.Example:443/A?b#c", "https://good.example/A?b"),
    ("https://good.example?b", "https://good.example/?b"),
    ("https://good.example/%0d%0ahost:%20x", "https://good.example/%0d%0ahost:%20x"),
    ("http://good.example:80/", "http://good.example/"),
    ("http://good.example:443/", "http://good.example:443/"),
    ("https://1.1.1.1/", "https://1.1.1.1/"),
    ("https://[2606:4700::1]/", "https://[2606:4700::1]/"),
    ("https://good.example/a@b:c", "https://good.example/a@b:c"),
  ])
  func writesOneSpelling(url: String, text: String) throws {
    #expect(try WebAddress(url).text == text)
    #expect(try WebAddress(text) == WebAddress(url))
  }

  @Test("an address that is listed as it is written still has to be public")
  func checksListedAddresses() async throws {
    let resolver = TestResolver { _, _ in [] }
    for (host, isListed) in [
      ("127.0.0.1", true), ("10.0.0.1", true), ("[::1]", true), ("1.1.1.1", false),
    ] {
      let policy = EgressPolicy(hosts: isListed ? [host] : ["1.0.0.1"])
      let egress = GuardedEgress(policy: policy, resolver: resolver)
      await #expect(throws: ApplianceError.self) { try await egress.fetch("https://\(host)/") }
    }
    #expect(resolver.hosts.isEmpty)
    #expect(EgressPolicy(hosts: ["*.example"]).problem != nil)
    #expect(EgressPolicy(hosts: ["Good.example"]).problem != nil)
    #expect(EgressPolicy(hosts: ["0x7f.1"]).problem != nil)
    #expect(EgressPolicy(hosts: ["good.example"], ports: [0]).problem != nil)
    #expect(EgressPolicy(hosts: ["good.example", "1.1.1.1", "[2606:4700::1]"]).problem == nil)
  }

  @Test("a policy that comes in as JSON cannot let the loopback pass")
  func hasNoCodedLeave() throws {
    let text =
      #"{"hosts":[],"ports":[443],"maxBytes":1,"timeout":1,"maxRedirects":0,"#
      + #""allowsPlainHTTP":false,"allowsLoopback":true}"#
    #expect(try !ApplianceJSON.decode(EgressPolicy.self, from: text.utf8).allowsLoopback)
  }

  static let special = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "100.127.255.255", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::1.1.1.1",
    "::ffff:127.0.0.1", "::ffff:1.1.1.1", "::ffff:0:1.1.1.1", "64:ff9b::127.0.0.1",
    "64:ff9b::1.1.1.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:53aa:64c::1", "2001:2::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:101:101::1", "3fff::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1", "4000::1", "1fff::1",
  ]

  @Test(arguments: WebAddressTests.special)
  func isNotPublic(address: String) throws {
    #expect(try !#require(IPAddress(address)).isPublic)
  }

  @Test(arguments: [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1",
    "126.1.1.1", "128.0.0.1", "169.253.1.1", "169.255.1.1", "172.15.1.1", "172.32.0.1",
    "192.167.1.1",
    "192.169.1.1", "198.17.1.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
    "2a00:1450:4001::1", "2001:4860:4860::8888", "2001:200::1", "2003::1", "3ffe::1",
  ])
  func isPublic(address: String) throws {
    #expect(try #require(IPAddress(address)).isPublic)
  }

  static let pages: [(String, String)] = [
    ("plain", "plain"), ("<p>a</p><p>b</p>", "a\n\nb"), ("a<br>b", "a\nb"), ("<b>a</b>b", "ab"),
    ("a &amp; b &lt;c&gt; &#65;&#x42; &uuml; &nope; &", "a & b <c> AB ü &nope; &"),
    ("<script>x<y</script>a<style>b</style>c", "ac"), ("<SCRIPT type='a>b'>x</ScRiPt >y", "y"),
    ("<!-- <p>no</p> -->yes<!doctype html>", "yes"), ("<!-- open", ""), ("a<!-", "a"),
    ("<script>open", ""), ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"), ("<a title=\"x>y\">z</a>", "z"),
    ("<", "<"), ("</", ""), ("<a", ""), ("&#0;&#xD800;&#99999999;", "\u{FFFD}\u{FFFD}\u{FFFD}"),
    ("  a \n\n\n\n  b\t c  ", "a\n\nb c"), ("", ""), ("&#", "&#"), ("&amp", "&amp"),
    ("<p>ä\u{1F600}</p>", "ä\u{1F600}"), ("<title>T</title><div>x</div>", "T\nx"),
  ]

  @Test(arguments: WebAddressTests.pages.indices)
  func readsTheWordsOfAPage(index: Int) {
    let (html, text) = Self.pages[index]
    let plain = PageText.plain(html)
    #expect(plain == text || plain == text + "\n", "\(plain.debugDescription)")
  }

  @Test("any text is a page")
  func readsAnything() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "readsAnything"))
    let parts = [
      "<", ">", "/", "!--", "-->", "&", "#", ";", "x", "script", "\"", "'", " ", "\n", "p", "ü",
      "9",
    ]
    for _ in 0..<5_000 {
      let html = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        parts.randomElement(using: &random) ?? ""
      }.joined()
      #expect(PageText.plain(html).utf8.count <= html.utf8.count * 3)
    }
    for pattern in ["<!--", "<script>", "<a '", "&#", "<script></scrip"] {
      let page = String(repeating: pattern, count: (1 << 19) / pattern.utf8.count)
      let time = ContinuousClock().measure { _ = PageText.plain(page) }
      #expect(time < .seconds(20), "\(pattern)")
    }
  }
}
