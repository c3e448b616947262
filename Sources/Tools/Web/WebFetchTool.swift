// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Gets a page of a host that the operator listed.
struct WebFetchTool: Tool {
  let name = ToolName.webFetch
  /// An address can carry something away: a call that may have happened is not repeated.
  let isIdempotent = false
  let taint: TaintSource? = .web
  let summary = """
    Gets a page (GET) over https from a host that the operator has listed, as text. Text, HTML, \
    JSON and XML only.
    """
  let inputs = ToolInputs(
    .text("url", "The whole address, as in https://example.org/page.", limit: WebAddress.limit))

  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    let page = try await context.egress.fetch(try inputs.read(arguments).required("url"))
    let end = page.isCut ? "\n[the page is longer; the rest was not read]" : ""
    return "\(page.url)\nHTTP \(page.status), \(page.contentType)\n\n\(page.text)\(end)"
  }
}
