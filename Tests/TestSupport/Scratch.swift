// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A folder for one test, removed when the test ends however it ends.
public final class Scratch: Sendable {
  public let path: String

  public init(_ name: String = "test") throws {
    let base = URL(fileURLWithPath: "/tmp")
    let folder = base.appendingPathComponent("kafclaw-\(name)-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    path = folder.path
    give(path)
  }

  deinit {
    // `try?`: a folder that cannot be removed fails no test.
    try? FileManager.default.removeItem(atPath: path)
  }

  public func folder(_ name: String) throws -> String {
    let folder = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    give(folder)
    return folder
  }

  public func write(_ name: String, _ text: String) throws {
    let file = "\(path)/\(name)"
    let parent = URL(fileURLWithPath: file).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    give(path)
  }

  /// Makes the unprivileged user of the tests the owner of everything below `folder`.
  private func give(_ folder: String) {
    guard geteuid() == 0 else { return }
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    for name in [folder] + names.map({ "\(folder)/\($0)" }) {
      _ = lchown(name, Program.unprivilegedUser, Program.unprivilegedUser)
    }
  }
}

/// Polls a condition until it holds.
///
/// - Returns: Whether it held before the time was over.
public func eventually(
  within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async rethrows -> Bool {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while clock.now < deadline {
    if try await condition() { return true }
    // `try?`: a cancelled test ends at its next check.
    try? await Task.sleep(for: .milliseconds(50))
  }
  return try await condition()
}
