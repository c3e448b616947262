// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI

extension Check {
  /// Gateway and agent read what strangers write. What they gave up at their start, nobody who takes
  /// them over gets back.
  static let componentsConfined = Check(
    "components.confined", "Gateway and agent gave up what they do not need", .high, .security,
    reference: "runbook 9", remedy: "run on a kernel with Landlock, 5.13 or newer",
    detect: { host in
      guard let status = host.status else { return .notApplicable("no appliance is running") }
      let looks = status.components.map { ComponentLook(component: $0) }
      guard !looks.isEmpty else { return Verdict(.unknown, "the appliance names no component") }
      let problems = looks.flatMap(\.problems)
      return .of(
        problems, looks.contains(where: \.isOpen) ? .fail : .warn,
        otherwise: looks.map(\.words).joined(separator: "; "))
    })
}

/// What one component says that it gave up.
private struct ComponentLook {
  let component: ApplianceStatus.Component

  /// Whether files or system calls are as reachable as to any program.
  var isOpen: Bool {
    guard let held = component.confinement else { return true }
    return !held.files || !held.systemCalls
  }

  var problems: [String] {
    guard let held = component.confinement else {
      return ["\(component.name) does not say what it gave up"]
    }
    return held.problems.map { "\(component.name): \($0)" }
  }

  var words: String {
    guard let held = component.confinement else { return component.name }
    let all = [
      ("files", held.files), ("ports", held.ports), ("signals", held.scopes),
      ("system calls", held.systemCalls),
    ]
    let names = all.filter(\.1).map(\.0).joined(separator: ", ")
    return "\(component.name): \(names) (Landlock \(held.landlock))"
  }
}
