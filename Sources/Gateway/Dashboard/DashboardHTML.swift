// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import FoundationEssentials

/// The pages as HTML that needs no script, no other origin and no font.
enum DashboardHTML {
  private static let names: [(DashboardPageName, String)] = [
    (.overview, "Overview"), (.changes, "Plan and history"), (.senders, "Senders"),
    (.approvals, "Approvals"), (.trace, "Trace"), (.backups, "Backups"), (.audit, "Audit"),
    (.incident, "Incident"),
  ]

  static func page(_ page: DashboardPage, at name: DashboardPageName) -> Markup {
    let proof = String(decoding: page.proof.bytes, as: UTF8.self)
    let sections = page.sections.map { section($0, proof, name) }
    let search: Markup = name == .trace ? traceForm : ""
    return document(
      page.title,
      """
      \(navigation(name, user: page.user, proof))
      \(page.banner.map(banner) ?? "")
      <main>
      <h1>\(page.title)</h1>
      \(search)\(sections)
      <p class="quiet">As of \(page.at.formatted(.iso8601)). <a href="/\(name.rawValue)">Look again</a></p>
      </main>
      """)
  }

  /// What a deed came to.
  static func result(
    _ title: String, _ message: String, hint: String?, back: DashboardPageName
  ) -> Markup {
    document(
      title,
      """
      <main class="narrow">
      <h1>\(title)</h1>
      <p id="result">\(message)</p>
      \(hint.map { "<p class=\"quiet\">\($0)</p>" as Markup } ?? "")
      <p><a class="button" href="/\(back.rawValue)">Back</a></p>
      </main>
      """)
  }

  static func login(code: String?, problem: String?) -> Markup {
    let field: Markup =
      code.map {
        """
        <input type="hidden" name="code" value="\($0)">
        <p>This browser gets in with the link that was made on the host. The link is good once.</p>
        """
      } ?? """
        <label>Token of a client with the scope read or operate
        <input type="password" name="token" autocomplete="off" required></label>
        <p class="quiet">Or run <code>kafclaw dashboard login</code> on the host, and open its link.</p>
        """
    return document(
      "Log in",
      """
      <main class="narrow">
      <h1>KafClaw</h1>
      \(problem.map { "<p class=\"bad\" role=\"alert\">\($0)</p>" as Markup } ?? "")
      <form method="post" action="/login">\(field)<button type="submit">Log in</button></form>
      </main>
      """)
  }

  private static func document(_ title: String, _ body: Markup) -> Markup {
    """
    <!doctype html>
    <html lang="en">
    <head><meta charset="utf-8"><title>\(title) - KafClaw</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="/style.css"></head>
    <body>
    \(body)
    </body>
    </html>

    """
  }

  private static func navigation(
    _ current: DashboardPageName, user: String, _ proof: String
  ) -> Markup {
    let links = names.map { name, label -> Markup in
      let mark: Markup = name == current ? " aria-current=\"page\"" : ""
      return "<a href=\"/\(name.rawValue)\"\(mark)>\(label)</a>"
    }
    return """
      <header><strong>KafClaw</strong><nav>\(links)</nav>
      <form method="post" action="/logout"><span>\(user)</span>
      <input type="hidden" name="proof" value="\(proof)"><button type="submit">Log out</button></form></header>
      """
  }

  private static func banner(_ words: String) -> Markup {
    "<p class=\"banner\" role=\"alert\">\(words) <a href=\"/incident\">Incident</a></p>"
  }

  private static let traceForm: Markup = """
    <form method="get" action="/trace" class="row"><label>Message
    <input name="message" required maxlength="64"></label><button type="submit">Trace</button></form>
    """

  private static func section(
    _ section: DashboardSection, _ proof: String, _ page: DashboardPageName
  ) -> Markup {
    """
    <section>
    <h2>\(section.title)</h2>
    \(section.note.map { "<p>\($0)</p>" as Markup } ?? "")
    \(section.text.map { "<pre>\($0)</pre>" as Markup } ?? "")
    \(section.rows.isEmpty ? "" : table(section, proof, page))
    \(forms(section.forms, proof, page))
    </section>
    """
  }

  private static func table(
    _ section: DashboardSection, _ proof: String, _ page: DashboardPageName
  ) -> Markup {
    let head = section.columns.map { "<th scope=\"col\">\($0)</th>" as Markup }
    let hasMore = section.rows.contains { $0.trace != nil || !$0.forms.isEmpty }
    let rows = section.rows.map { row -> Markup in
      let cells = row.cells.map { "<td>\($0)</td>" as Markup }
      let link: Markup =
        row.trace.map { "<a href=\"/trace?message=\(PercentText.encode($0))\">Trace</a>" } ?? ""
      let more: Markup = hasMore ? "<td>\(link)\(forms(row.forms, proof, page))</td>" : ""
      return "<tr class=\"\(row.tone.rawValue)\">\(cells)\(more)</tr>\n"
    }
    let last: Markup = hasMore ? "<th scope=\"col\"><span class=\"hidden\">More</span></th>" : ""
    return """
      <div class="wide"><table><thead><tr>\(head)\(last)</tr></thead>
      <tbody>\(rows)</tbody></table></div>
      """
  }

  private static func forms(
    _ forms: [DashboardForm], _ proof: String, _ page: DashboardPageName
  ) -> Markup {
    let all = forms.map { form -> Markup in
      let subject: Markup =
        form.subject.map { "<input type=\"hidden\" name=\"subject\" value=\"\($0)\">" } ?? ""
      return """
        <form method="post" action="/act" class="row" data-deed="\(form.deed.rawValue)">
        <input type="hidden" name="proof" value="\(proof)"><input type="hidden" name="page" value="\(page.rawValue)">
        <input type="hidden" name="deed" value="\(form.deed.rawValue)">\(subject)
        \(form.inputs.map(input))<button type="submit" class="\(form.tone.rawValue)">\(form.label)</button></form>
        """
    }
    return "\(all)"
  }

  private static func input(_ input: DashboardForm.Input) -> Markup {
    guard !input.choices.isEmpty else {
      let required: Markup = input.isRequired ? " required" : ""
      return """
        <label>\(input.label) <input name="in-\(input.name)"\(required) maxlength="400" autocomplete="off"></label>
        """
    }
    let choices = input.choices.map { "<option>\($0)</option>" as Markup }
    return "<label>\(input.label) <select name=\"in-\(input.name)\">\(choices)</select></label>"
  }
}
