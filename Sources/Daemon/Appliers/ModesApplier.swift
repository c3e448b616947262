// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import Planning
import Reconciliation

/// Permissions of the appliance's files and folders.
struct ModesApplier: ResourceApplier {
  let kind = ResourceKind.modes
  let state: String

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    Dictionary(uniqueKeysWithValues: names.map { ($0, observe($0)) })
  }

  func apply(_ name: String, desired: ResourceFields?, of _: LoadedState) async throws {
    guard let text = desired?["mode"]?.stringValue, let mode = mode_t(text, radix: 8) else {
      return
    }
    let path = path(of: name)
    if name.hasSuffix("/") { try PrivateFolder.create(path) }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & S_IFMT == (name.hasSuffix("/") ? S_IFDIR : S_IFREG) else {
      throw ApplianceError(.fileUnsafe, "\"\(path)\" is of another type")
    }
    // By path: a mode that forbids reading must not keep itself from being corrected. Nobody else
    // can exchange the path below the private state home.
    guard chmod(path, mode) == 0 else { throw ApplianceError.system("chmod", path) }
  }

  private func observe(_ name: String) -> Observation {
    var status = stat()
    guard lstat(path(of: name), &status) == 0 else {
      return errno == ENOENT ? .absent : .unknown(String(cString: strerror(errno)))
    }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    guard isFolder == name.hasSuffix("/") else { return .unknown("it is of another type") }
    return .present(["mode": .string(PrivateFolder.octal(status.st_mode & 0o7777))])
  }

  private func path(of name: String) -> String {
    name == "./" ? state : state + "/" + name.trimmingSuffix("/")
  }
}

extension String {
  func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
