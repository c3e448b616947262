// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Foundation

/// Evidence as one page, without scripts and without anything from elsewhere.
enum EvidencePage {
  static func html(_ signed: SignedEvidence) -> String {
    let evidence = signed.evidence
    let verdict = evidence.isPassed ? "Passed" : "Failed"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(verdict): drill of snapshot \(evidence.snapshot.number)</title>
      <style>\(style)</style>
      </head>
      <body>
      <header class="\(evidence.isPassed ? "passed" : "failed")">
      <h1>\(verdict)</h1>
      <p>\(text(summary(evidence)))</p>
      </header>
      <main>
      \(problem(evidence))
      <section class="figures">
      \(figure("Back after", back(evidence)))
      \(figure("Snapshot was old", DurationText.ofSeconds(evidence.ageSeconds)))
      \(figure("Checks", "\(evidence.checks.filter(\.isRight).count) of \(evidence.checks.count)"))
      \(figure("Size", ByteText.of(evidence.snapshot.size)))
      </section>
      <h2>Checks</h2>
      <table class="checks">
      <thead><tr><th></th><th>Check</th><th>Expected</th><th>Found</th></tr></thead>
      <tbody>
      \(evidence.checks.map(row).joined(separator: "\n"))
      \(evidence.missing.map(missingRow).joined(separator: "\n"))
      </tbody>
      </table>
      <h2>Time</h2>
      \(bars(evidence.phases))
      <h2>Another than on the host</h2>
      \(list(evidence.substitutions))
      <h2>What was tried, where, by whom</h2>
      <dl>
      \(facts(signed).map { "<dt>\(text($0.0))</dt><dd>\(text($0.1))</dd>" }.joined(separator: "\n"))
      </dl>
      <p>This page is for people. What is signed is the file of the same name that ends in
      <code>.json</code>: <code>kafclaw backup evidence verify FILE --signer \(signed.signer)</code></p>
      </main>
      </body>
      </html>

      """
  }

  private static func summary(_ evidence: DrillEvidence) -> String {
    "Snapshot \(evidence.snapshot.number) of \(evidence.snapshot.appliance ?? "an appliance"), made "
      + "\(evidence.snapshot.finished.formatted(.iso8601)), restored by "
      + (evidence.isByRecoveryKey ? "the recovery key" : "the key of its own host")
      + " at \(evidence.started.formatted(.iso8601))."
  }

  private static func problem(_ evidence: DrillEvidence) -> String {
    evidence.problem.map { "<p class=\"problem\">\(text($0))</p>" } ?? ""
  }

  private static func figure(_ name: String, _ value: String) -> String {
    "<div><strong>\(text(value))</strong><span>\(text(name))</span></div>"
  }

  private static func back(_ evidence: DrillEvidence) -> String {
    evidence.recoveryMilliseconds > 0 ? DurationText.of(evidence.recoveryMilliseconds) : "not"
  }

  private static func row(_ check: DrillEvidence.Check) -> String {
    let (mark, words) = check.isRight ? ("✓", "right") : ("✗", "wrong")
    // What is as expected is told once.
    let found =
      check.isRight
      ? "<td colspan=\"2\">\(text(check.found))</td>"
      : "<td>\(text(check.expected))</td><td>\(text(check.found))</td>"
    return "<tr class=\"\(words)\"><td aria-label=\"\(words)\">\(mark)</td>"
      + "<td>\(text(check.name))</td>\(found)</tr>"
  }

  private static func missingRow(_ name: String) -> String {
    "<tr class=\"wrong\"><td aria-label=\"wrong\">✗</td><td>\(text(name))</td><td>looked at</td>"
      + "<td>not looked at</td></tr>"
  }

  private static func bars(_ phases: [DrillEvidence.Phase]) -> String {
    let most = max(1, phases.map(\.milliseconds).max() ?? 1)
    let rows = phases.map { phase in
      "<tr><td>\(text(phase.name))</td><td class=\"bar\"><i style=\"width:"
        + "\(max(1, min(100, phase.milliseconds / max(1, most / 100))))%\"></i></td>"
        + "<td class=\"number\">\(text(DurationText.of(phase.milliseconds)))</td></tr>"
    }
    return "<table class=\"bars\"><tbody>\n\(rows.joined(separator: "\n"))\n</tbody></table>"
  }

  private static func list(_ items: [String]) -> String {
    guard !items.isEmpty else { return "<p>Nothing.</p>" }
    return "<ul>\n\(items.map { "<li>\(text($0))</li>" }.joined(separator: "\n"))\n</ul>"
  }

  private static func facts(_ signed: SignedEvidence) -> [(String, String)] {
    let evidence = signed.evidence
    return [
      ("Repository", evidence.repository), ("Written by", evidence.writer),
      ("Newest head", evidence.head), ("Commit", evidence.snapshot.commit ?? "-"),
      (
        "Snapshot made by",
        "kafclaw \(evidence.snapshot.version), host \(evidence.snapshot.host ?? "-")"
      ),
      ("Tried by", "kafclaw \(evidence.program), host \(evidence.drillHost)"),
      ("SHA-256 of the program", evidence.programHash),
      ("Root", "\(evidence.root.rawValue): \(evidence.entries.joined(separator: " "))"),
      (
        "Began, ended",
        "\(evidence.started.formatted(.iso8601)), \(evidence.finished.formatted(.iso8601))"
      ),
      ("Signed by", signed.signer),
    ]
  }

  private static func text(_ text: String) -> String {
    VisibleText.escape(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }

  private static let style = """
    :root{color-scheme:light dark;--line:#d0d7de;--muted:#57606a;--good:#1a7f37;--bad:#cf222e}
    @media (prefers-color-scheme:dark){:root{--line:#30363d;--muted:#8b949e;--good:#3fb950;--bad:#f85149}}
    body{font:15px/1.5 system-ui,sans-serif;margin:0;overflow-wrap:anywhere}
    header,main{max-width:60rem;margin:0 auto;padding:1.2rem}
    header{border-bottom:4px solid var(--good)}header.failed{border-color:var(--bad)}
    h1{margin:0;color:var(--good)}.failed h1{color:var(--bad)}h2{margin:2rem 0 .5rem;font-size:1.1rem}
    .problem{border-left:4px solid var(--bad);padding:.5rem .8rem}
    .figures{display:flex;flex-wrap:wrap;gap:1rem}
    .figures div{flex:1 1 9rem;border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem}
    .figures strong{display:block;font-size:1.3rem}.figures span,th,dt{color:var(--muted)}
    table{border-collapse:collapse;width:100%}
    th{text-align:left;font-weight:600}th,td{border-bottom:1px solid var(--line);padding:.3rem .5rem;vertical-align:top}
    .checks td:nth-child(2){white-space:nowrap;width:1%}.checks td:first-child{width:1rem}.checks th:nth-child(3){min-width:7rem}
    .right td:first-child{color:var(--good)}.wrong td:first-child{color:var(--bad)}
    .bars td:first-child{width:7rem}.bar i{display:block;height:.9rem;background:var(--good);border-radius:3px}
    .number{width:6rem;text-align:right}
    dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.3rem 1rem}dd{margin:0}
    """
}
