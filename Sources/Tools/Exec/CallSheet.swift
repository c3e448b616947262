// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What somebody who may approve a call is shown of it. Texts are as they are: whoever shows them
/// escapes them (``VisibleText``).
public struct CallSheet: Sendable, Equatable {
  /// Shown of one text. Bytes.
  static let textLimit = 16 << 10

  public let details: [Approval.Detail]

  /// Whether what is seen may differ from what is meant, even after escaping: characters that are
  /// invisible, look like a space, or turn the direction of writing.
  public let hasDeceptiveCharacters: Bool

  /// Of a call of any tool; ``init(_:)-(ResolvedExec)`` says more of `exec`.
  public init(_ call: ToolCall) {
    let arguments = call.arguments.objectValue ?? ["arguments": call.arguments]
    let whole =
      [Approval.Detail("tool", call.tool)]
      + arguments.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, value in
        Approval.Detail(name, value.stringValue ?? CanonicalJSON.text(value))
      }
    self.init(whole: whole)
  }

  /// Texts are looked at whole, and shown as far as there is room.
  private init(whole: [Approval.Detail]) {
    hasDeceptiveCharacters = whole.contains { detail in
      ExecText.hasDeceptiveCharacters(detail.name)
        || ExecText.hasDeceptiveCharacters(detail.text, allowing: ["\n", "\t"])
    }
    details = whole.map { Self.detail($0.name, $0.text) }
  }

  public init(_ run: ResolvedSkillRun) { self.init(whole: run.details) }

  public init(_ exec: ResolvedExec) {
    var details = [
      Approval.Detail("tool", ToolName.exec), Approval.Detail("profile", exec.profile),
      Approval.Detail("binary", exec.binary),
      Approval.Detail("binary digest", exec.binaryDigest.rawValue),
    ]
    details += exec.arguments.enumerated().map { index, argument in
      Approval.Detail("argument \(index + 1)", argument)
    }
    if let input = exec.input { details.append(Approval.Detail("input", input)) }
    details.append(Approval.Detail("folder", exec.folder))
    details.append(
      Approval.Detail("environment", exec.environmentNames.joined(separator: " ")))
    details += exec.files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
      Approval.Detail("file \($0)", $1.rawValue)
    }
    details.append(Approval.Detail("network", exec.network ? "yes" : "no"))
    details.append(
      Approval.Detail("workspace", exec.isWorkspaceWritable ? "read and write" : "read only"))
    details.append(
      Approval.Detail(
        "limits",
        "\(exec.timeout) s, \(exec.memory) bytes of memory, \(exec.processes) processes, "
          + "\(exec.output) bytes of output"))
    details.append(
      Approval.Detail(
        "note", "only the files listed here are bound: others that it reads can still change"))
    self.init(whole: details)
  }

  private static func detail(_ name: String, _ text: String) -> Approval.Detail {
    let shown = ToolOutput.beginning(of: text, bytes: textLimit)
    guard shown.utf8.count < text.utf8.count else { return Approval.Detail(name, text) }
    return Approval.Detail(
      Approval.cutName(name, shown.utf8.count, of: text.utf8.count), String(shown))
  }
}
