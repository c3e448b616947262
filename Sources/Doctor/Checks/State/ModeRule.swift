// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import Glibc

/// Who may read and write what is the appliance's: only its user, but for `appliance.yaml` and its
/// folder, which others may read, and the ways to its sockets.
struct ModeRule {
  private let paths: AppliancePaths
  /// Users to whom something of the appliance may belong.
  private let owners: Set<uid_t>

  /// - Parameter files: Of them the state home tells who runs the appliance.
  init(_ host: Host, _ files: [OwnFile]) {
    paths = host.paths
    let state = files.first { $0.names.isEmpty && $0.root == host.paths.state }
    owners = Set([host.user, 0] + (state.map { [$0.owner] } ?? []))
  }

  /// What is wrong with a file; `nil` when nothing is.
  func problem(with file: OwnFile) -> String? {
    if file.isLink { return "\(file.path) is a link: where it leads is not the appliance's own" }
    guard owners.contains(file.owner) else {
      return "\(file.path) belongs to user \(file.owner)"
    }
    guard file.permissions & forbidden(file) != 0 else { return nil }
    return "\(file.path) has mode \(PrivateFolder.octal(file.permissions))"
  }

  /// The permissions that a file is to get; `nil` when they are right, or nobody may set them.
  func wanted(_ file: OwnFile) -> mode_t? {
    guard file.isFile || file.isFolder, owners.contains(file.owner),
      file.permissions & forbidden(file) != 0
    else { return nil }
    // With control lists on them, a mode would take more than it says.
    if isWayToSockets(file) { return nil }
    if isOpen(file) { return file.permissions & 0o755 }
    return file.isFolder ? PrivateFolder.mode : DurableFile.privateMode
  }

  /// So many files are told one by one.
  private static let single = 50

  func repairs(_ files: [OwnFile]) -> [Repair] {
    let wrong = files.compactMap { file in wanted(file).map { (file: file, mode: $0) } }
    let repairs = wrong.prefix(Self.single).map { file, mode in
      Repair("set mode \(PrivateFolder.octal(mode)) on \(file.path)", on: file.path) {
        try file.setPermissions(mode)
      }
    }
    let rest = wrong.dropFirst(Self.single)
    guard let first = rest.first?.file else { return repairs }
    let last = Repair("set modes 0600 and 0700 on \(rest.count) more", on: first.root) {
      for (file, mode) in rest { try file.setPermissions(mode) }
    }
    return repairs + [last]
  }

  private func forbidden(_ file: OwnFile) -> mode_t {
    // Whoever connects there is asked for by the kernel.
    if file.path.hasPrefix(paths.roleSockets + "/") { return 0 }
    if isWayToSockets(file) { return file.isFolder ? 0o066 : 0o007 }
    return isOpen(file) ? 0o022 : 0o077
  }

  /// Components pass through these folders, and operators use the socket.
  private func isWayToSockets(_ file: OwnFile) -> Bool {
    file.path == paths.roleSockets
      || paths.isSystem && [paths.runtime, paths.controlSocket].contains(file.path)
  }

  /// Holds no secret, and operators look at it.
  private func isOpen(_ file: OwnFile) -> Bool {
    file.path == paths.bootstrapFile || file.path == paths.configuration
  }
}
