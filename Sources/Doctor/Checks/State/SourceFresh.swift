// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import GitSource

extension Check {
  /// An appliance that cannot read its repository follows nobody, and deletes nothing.
  static let sourceFresh = Check(
    "source.fresh", "The desired-state repository is reached", .high,
    reference: "runbook 5.2", remedy: "kafclaw source show; kafclaw reconcile",
    detect: { host in
      guard let source = try host.bootstrap.get()?.source else {
        return .notApplicable("no repository is configured")
      }
      if let problem = try RepositoryPlace.problem(with: source) {
        return Verdict(.fail, problem, remedy: "correct source.repository in appliance.yaml")
      }
      guard host.isRunning else {
        return .notApplicable("no appliance runs that would read \(source.repository)")
      }
      guard let status = host.status else {
        return Verdict(.unknown, "the appliance does not answer")
      }
      let stale = status.conditions.filter { $0.type == .stale && $0.status }
      return .of(
        stale.map { "\($0.reason.rawValue): \($0.message)" },
        otherwise: "\(source.repository) is read in time")
    })
}

private enum RepositoryPlace {
  /// What can be told without asking a server.
  static func problem(with source: SourceSpec) throws -> String? {
    let address: RemoteAddress
    do { address = try RemoteAddress(source.repository) } catch {
      return "source.repository: \(ApplianceError.of(error).message)"
    }
    guard address.transport == .file else { return nil }
    switch try FileKind.of(address.path) {
    case .folder: return nil
    case nil: return "\(address.path) does not exist"
    default: return "\(address.path) is not a folder"
    }
  }
}
