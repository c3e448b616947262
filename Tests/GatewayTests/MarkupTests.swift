// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Channels
import ControlAPI
import FoundationEssentials
import Testing

@testable import Gateway

/// Whatever is put into a page is text there.
struct MarkupTests {
  @Test(
    "words are escaped, also before a mark that joins them",
    arguments: [
      ("<script>", "&lt;script&gt;"), ("\"'&", "&quot;&#39;&amp;"),
      ("<\u{338}b", "&lt;\u{338}b"), ("\"\u{301} onclick=x", "&quot;\u{301} onclick=x"),
      ("a\u{202E}b", "a\\u{202e}b"), ("a\nb\n", "a\nb\n"), ("\n", "\n"), ("", ""),
      ("a\u{0}", "a\\u{0}"),
      ("a\r\nb", "a\\u{d}\nb"),
    ])
  func escaping(words: String, shown: String) {
    #expect(Array(Markup.escaped(words).utf8) == Array(shown.utf8))
    let markup: Markup = "<p title=\"\(words)\">\(words)</p>"
    #expect(Array(markup.text.utf8) == Array("<p title=\"\(shown)\">\(shown)</p>".utf8))
  }

  @Test("every text of a page is escaped, wherever it stands")
  func pages() {
    let bad = "\"><script>alert(1)</script>'"
    let form = DashboardForm(
      .deny, bad, subject: bad, inputs: [.init(bad, bad), .init(bad, bad, choices: [bad])])
    var section = DashboardSection(bad, note: bad, columns: [bad], text: bad, forms: [form])
    section.rows = [DashboardRow([bad], .bad, trace: bad, forms: [form])]
    let page = DashboardPage(
      title: bad, user: bad, banner: bad, proof: SealedSettings(Array(bad.utf8)),
      sections: [section], at: Date(timeIntervalSince1970: 0))
    let shown = [
      DashboardHTML.page(page, at: .trace), DashboardHTML.login(code: bad, problem: bad),
      DashboardHTML.result(bad, bad, hint: bad, back: .audit),
    ]
    for markup in shown {
      #expect(!markup.text.contains("<script"))
      #expect(!markup.text.contains("alert(1)</script>"))
      #expect(markup.text.contains("&lt;script&gt;"))
      // No page asks for anything from elsewhere.
      #expect(
        !markup.text.contains("http:") && !markup.text.contains("https:")
          && !markup.text.contains("src="))
    }
  }

  @Test("fields of forms are read as browsers write them")
  func forms() {
    let form = FormFields("a=1&b=x+y%20z%C3%A4&a=2&c&in-x=%3C&=q&d=%zz")
    #expect(form["a"] == "1" && form["b"] == "x y zä" && form["c"] == "")
    #expect(form["d"] == nil && form.all(after: "in-") == ["x": "<"])
    #expect(FormFields((0..<1_000).map { "k\($0)=v" }.joined(separator: "&"))["k999"] == nil)
  }
}
