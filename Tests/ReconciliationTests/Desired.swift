// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Foundation

@testable import GitSource
@testable import Reconciliation

/// Desired states as a source hands them over.
enum Desired {
  private static let header = "version: 1\nappliance: {name: probe, incidentOwner: ops}\n"

  static let agents = ["AGENTS.md": "Be brief.\n"]

  static func load(_ text: String = "", workspace: [String: String] = agents) -> LoadOutcome {
    var files = ["kafclaw.yaml": SourceTree.File(bytes: Array((header + text).utf8))]
    for (name, content) in workspace {
      files["workspace/" + name] = SourceTree.File(bytes: Array(content.utf8))
    }
    return DesiredStateLoader(host: nil, overrides: .none).load(SourceTree(files: files))
  }

  static func commit(
    _ number: Int, _ text: String = "", workspace: [String: String] = agents
  ) -> SourceReply {
    SourceReply(revision: revision(number), outcome: load(text, workspace: workspace))
  }

  /// A plain folder has no commit.
  static func folder(_ text: String = "", workspace: [String: String] = agents) -> SourceReply {
    SourceReply(revision: nil, outcome: load(text, workspace: workspace))
  }

  static func revision(_ number: Int) -> GitRevision {
    GitRevision(
      commit: hexadecimal(number), tree: hexadecimal(number + 1_000), branch: "main",
      summary: "commit \(number)",
      committedAt: Date(timeIntervalSince1970: 1_700_000_000 + Double(number)))
  }

  static func hexadecimal(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 40 - digits.count) + digits
  }

  // Refused states, one of each kind.

  static func invalid(_ number: Int) -> SourceReply { commit(number, "gateway: {port: 0}\n") }

  static func pending(_ number: Int) -> SourceReply {
    commit(number, "reconcile: {windows: []}\n")
  }

  static func denied(_ number: Int) -> SourceReply {
    commit(number, "tools: {exec: {restrictWorkspace: false}}\n")
  }

  /// A secret that the host cannot resolve.
  static func held(_ number: Int) -> SourceReply {
    commit(number, "gateway: {auth: {token: env:MISSING}}\n")
  }
}
