// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// Names and values of a pull request's author cannot act on the comment about it.
struct MarkdownInjectionTests {
  static let attacks = [
    "```\n# pwned\n```", "``````", "`code`", "| a | b |", "@octocat", "org/repo#1", "#1",
    "**bold**", "[link](https://evil.example)",
    "![image](https://evil.example/x.png)", "<img src=https://evil.example/x.png>", "</details>",
    "</code>", "-->", "--!>", "<!--",
    "<script>alert(1)</script>", "&lt;", "\\|", "\\`", "~~gone~~", "- [ ] task", "\r\n\r\n# title",
    "https://evil.example", "_emphasis_", ":+1:", "`\u{301}code`\u{301}", "<\u{301}b>\u{301}",
    "|\u{301} a |\u{301}", "```\u{301}\n```", "&\u{301}lt;",
  ]

  /// The text stands wherever something from outside can stand.
  private func plan(_ text: String) -> Plan {
    var input = PlanInput()
    input.host = text
    input.source = Plan.Source(
      repository: text, branch: text, headCommit: nil, headTree: nil, verification: "none")
    input.warnings = [text]
    input.environment = [.init(path: "gateway.host", variable: "V", value: .string(text))]
    input.policy = [
      Plan.PolicyResult(
        id: "local", pack: "baseline", result: "deny", message: text, runbook: "1", remedy: text,
        path: text)
    ]
    for kind in [ResourceKind.workspace, .senders] {
      input.desired.append(Resource(kind, text, [text: .string(text), "list": [.string(text)]]))
    }
    input.observed = [
      ResourceAddress(.senders, text): .absent,
      ResourceAddress(.workspace, text): .present([text: "foreign"]),
      ResourceAddress(.modes, text): .unknown(text),
    ]
    return Planner.plan(input)
  }

  /// The lines of a comment that are markup, and those inside of fences.
  private func parts(of text: String) -> (markup: [String], fenced: [String]) {
    var (markup, fenced): ([String], [String]) = ([], [])
    var fence: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      let ticks = String(line.prefix { $0 == "`" })
      if let open = fence {
        // CommonMark: a fence ends at one of at least its own length, with nothing after it.
        if ticks.count >= open.count && line == ticks { fence = nil } else { fenced.append(line) }
      } else if ticks.count >= 3 {
        fence = ticks
      } else {
        markup.append(line)
      }
    }
    #expect(fence == nil, "a fence was left open")
    return (markup, fenced)
  }

  private static let markup = [
    "### ", "| - |", "| x | <code>", "<details><summary>", "</details>", "- **", "- warning: ",
  ]

  @Test(arguments: MarkdownInjectionTests.attacks)
  func skeletonOfTheCommentIsTheSameForEveryText(attack: String) {
    let skeleton = { (text: String) in
      let lines = self.parts(of: PlanMarkdown.render(self.plan(text))).markup
      return lines.map { line in
        Self.markup.first { line.hasPrefix($0) } ?? (line.isEmpty ? "" : "text")
      }
    }
    #expect(skeleton(attack) == skeleton("harmless"))
  }

  @Test(arguments: MarkdownInjectionTests.attacks)
  func nothingFromOutsideIsMarkup(attack: String) {
    for line in parts(of: PlanMarkdown.render(plan(attack))).markup {
      let own = [
        "<!-- -->", "<details><summary>", "</summary>", "</details>", "<code>", "</code>",
        "<!-- kafclaw", "-->",
      ]
      let bare = own.reduce(line) { $0.replacing($1, with: "") }
      #expect(!bare.contains("<") && !bare.contains(">"), "\(line)")
      // Up to the next empty line a block of HTML is no Markdown.
      if line.hasPrefix("<details>") || line.hasPrefix("<!--") { continue }
      let unescaped = bare.replacing(/\\[*_`\[\]|~\\]/, with: "")
      #expect(unescaped.filter { $0 == "|" }.count == (line.hasPrefix("| ") ? 4 : 0), "\(line)")
      #expect(!unescaped.contains("]("), "\(line)")
    }
  }

  /// GitHub looks for mentions after entities were decoded (github/cmark-gfm#181): between the sign
  /// and the name something must stand that is not a name.
  @Test(arguments: ["@octocat", "hi @octocat!", "#1", "org/repo#1", "GH-1 #22"])
  func nobodyIsMentionedAndNothingIsReferredTo(attack: String) {
    for line in parts(of: PlanMarkdown.render(plan(attack))).markup {
      var visible = line.replacing(/<code>.*?<\/code>/, with: "").replacing(/`[^`]*`/, with: "")
      if visible.hasPrefix("<!-- kafclaw-plan") { continue }
      for (entity, sign) in [("&#64;", "@"), ("&commat;", "@"), ("&#35;", "#"), ("&num;", "#")] {
        visible = visible.replacing(entity, with: sign)
      }
      #expect(!visible.contains(/@[A-Za-z0-9]/), "\(line)")
      #expect(!visible.contains(/#[0-9]/), "\(line)")
    }
  }

  @Test(arguments: 1...12)
  func fenceIsLongerThanAnyRunInside(length: Int) throws {
    let run = String(repeating: "`", count: length)
    let input = Plans.creating(["x": .string("\(run)\n\(run)diff"), "y": .string(run)])
    let found = parts(of: PlanMarkdown.render(Planner.plan(input)))
    #expect(found.fenced.count == 2)
    #expect(found.fenced.allSatisfy { $0.contains(run) })
  }

  @Test(arguments: ["-->", "--!>", "a --> b", "x\n-->"])
  func hostNameCannotEndTheMarker(name: String) throws {
    let text = PlanMarkdown.render(plan(name))
    let marker = try #require(text.split(separator: "\n").first)
    #expect(marker.hasPrefix("<!-- kafclaw-plan:v1 host="))
    #expect(marker.ranges(of: ">").count == 1)
    #expect(marker.hasSuffix(" -->"))
  }
}
